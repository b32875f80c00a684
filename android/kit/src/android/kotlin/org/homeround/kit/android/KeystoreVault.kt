package org.homeround.kit.android

import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import java.security.GeneralSecurityException
import java.security.KeyStore
import java.util.Base64
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import org.homeround.core.KeyVault
import org.homeround.core.KeyVaultException

/**
 * Keys in the Android Keystore: AES-256-GCM, in StrongBox where the phone has one.
 *
 * The Keystore has neither counters nor secrets. Both are kept in the names of keys, which the
 * system holds outside of the app's folder: putting back the app's files does not set them back.
 * Clearing the app's data does remove them, together with every key, so that nothing can be
 * opened any more. Who can write the system's own Keystore database (root) can set a counter back.
 *
 * [confirm] shows the biometric prompt for a cipher and waits; none when the person refused. It is
 * called off the main thread, for the key of the biometric sensor alone.
 */
class KeystoreVault(private val confirm: (Cipher) -> Cipher?) : KeyVault {
    private val keys: KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }

    @Synchronized
    override fun wrap(label: String, plaintext: ByteArray): ByteArray = guarded {
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.ENCRYPT_MODE, key(label) ?: make(KEY + label, label == BIOMETRIC))
        val ready = asked(label, cipher)
        ready.iv + ready.doFinal(plaintext)
    }

    @Synchronized
    override fun unwrap(label: String, wrapped: ByteArray): ByteArray = guarded {
        val key = key(label) ?: throw KeyVaultException.KeyGone()
        if (wrapped.size < IV_BYTES) throw KeyVaultException.KeyGone()
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, wrapped, 0, IV_BYTES))
        asked(label, cipher).doFinal(wrapped, IV_BYTES, wrapped.size - IV_BYTES)
    }

    @Synchronized
    override fun counterGet(label: String): ULong = guarded { count(label) }

    @Synchronized
    override fun counterIncrement(label: String): ULong = guarded {
        val next = count(label) + 1UL
        // The new name first: killed in between, the higher one counts.
        make(counterName(label) + next, asks = false)
        dropCounts(label, next)
        next
    }

    @Synchronized
    override fun counterSet(label: String, value: ULong): Unit = guarded {
        // Killed in between, the higher one counts: a PIN has fewer attempts left, never more.
        make(counterName(label) + value, asks = false)
        dropCounts(label, value)
    }

    @Synchronized
    override fun store(label: String, secret: ByteArray): Unit = guarded {
        val before = named(secretName(label))
        val version = (before.maxOfOrNull { version(label, it) } ?: 0L) + 1
        val sealed = wrap(SEALER, secret)
        make("${secretName(label)}$version:${Base64.getUrlEncoder().encodeToString(sealed)}", asks = false)
        before.forEach(keys::deleteEntry)
    }

    @Synchronized
    override fun load(label: String): ByteArray? = guarded {
        named(secretName(label)).maxByOrNull { version(label, it) }?.let { name ->
            unwrap(SEALER, Base64.getUrlDecoder().decode(name.substringAfterLast(':')))
        }
    }

    @Synchronized
    override fun destroy(label: String): Unit = guarded {
        keys.deleteEntry(KEY + label)
        named(counterName(label)).forEach(keys::deleteEntry)
        named(secretName(label)).forEach(keys::deleteEntry)
    }

    private fun key(label: String): SecretKey? = keys.getKey(KEY + label, null) as SecretKey?

    private fun make(name: String, asks: Boolean): SecretKey = try {
        generate(name, asks, strongBox = true)
    } catch (_: StrongBoxUnavailableException) {
        generate(name, asks, strongBox = false)
    }

    private fun generate(name: String, asks: Boolean, strongBox: Boolean): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec = KeyGenParameterSpec.Builder(name, purposes)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(KEY_BITS)
            .setIsStrongBoxBacked(strongBox)
        if (asks) {
            // Each use asks, and a newly added finger or face makes the key void.
            spec.setUserAuthenticationRequired(true).setInvalidatedByBiometricEnrollment(true)
            // Before Android 11 a key that asks, and has no time in which it need not, is the sensor's alone.
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                spec.setUserAuthenticationParameters(0, KeyProperties.AUTH_BIOMETRIC_STRONG)
            }
        }
        val generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER)
        generator.init(spec.build())
        return generator.generateKey()
    }

    private fun asked(label: String, cipher: Cipher): Cipher =
        if (label != BIOMETRIC) cipher else confirm(cipher) ?: throw KeyVaultException.PresenceRefused()

    private fun named(start: String): List<String> = keys.aliases().toList().filter { it.startsWith(start) }

    private fun count(label: String): ULong {
        val name = counterName(label)
        return named(name).mapNotNull { it.removePrefix(name).toULongOrNull() }.maxOrNull() ?: 0UL
    }

    private fun dropCounts(label: String, except: ULong) {
        val kept = counterName(label) + except
        named(counterName(label)).filter { it != kept }.forEach(keys::deleteEntry)
    }

    private fun version(label: String, name: String): Long =
        name.removePrefix(secretName(label)).substringBefore(':').toLongOrNull() ?: 0L

    private fun counterName(label: String) = "homeround:count:$label:"

    private fun secretName(label: String) = "homeround:secret:$label:"

    private fun <T> guarded(block: () -> T): T = try {
        block()
    } catch (_: KeyPermanentlyInvalidatedException) {
        throw KeyVaultException.KeyGone()
    } catch (_: javax.crypto.AEADBadTagException) {
        throw KeyVaultException.KeyGone()
    } catch (_: GeneralSecurityException) {
        throw KeyVaultException.Unavailable()
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val CIPHER = "AES/GCM/NoPadding"
        const val BIOMETRIC = "homeround.biometric"
        const val KEY = "homeround:key:"
        const val SEALER = "homeround.secrets"
        const val KEY_BITS = 256
        const val TAG_BITS = 128
        const val IV_BYTES = 12
    }
}
