package org.homeround.kit.android

import android.content.Context
import android.content.pm.PackageManager
import android.hardware.biometrics.BiometricManager
import android.hardware.biometrics.BiometricPrompt
import android.os.Build
import android.os.CancellationSignal
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import javax.crypto.Cipher

/** What the system's biometric prompt says. */
class BiometricWords(val title: String, val turnDown: String)

/**
 * Asks at the system's biometric prompt: [KeystoreVault]'s `confirm`.
 *
 * [foreground]: the activity in front; none while the app is in the background, where nobody can
 * be asked. Called off the main thread, which draws the prompt; waits until the person has
 * answered. Needs `USE_BIOMETRIC`.
 */
class BiometricConfirm(
    private val words: BiometricWords,
    private val foreground: () -> Context?,
) : (Cipher) -> Cipher? {
    override fun invoke(cipher: Cipher): Cipher? {
        val context = foreground() ?: return null
        val answer = CompletableFuture<Cipher?>()
        val cancel = CancellationSignal()
        prompt(context, answer).authenticate(
            BiometricPrompt.CryptoObject(cipher),
            cancel,
            context.mainExecutor,
            object : BiometricPrompt.AuthenticationCallback() {
                override fun onAuthenticationSucceeded(result: BiometricPrompt.AuthenticationResult) {
                    answer.complete(result.cryptoObject?.cipher)
                }

                // Turned down, too many attempts, no sensor. A finger that was not known asks again by itself.
                override fun onAuthenticationError(code: Int, message: CharSequence) {
                    answer.complete(null)
                }
            },
        )
        return try {
            answer.get()
        } catch (_: InterruptedException) {
            cancel.cancel()
            null
        } catch (_: ExecutionException) {
            null
        }
    }

    private fun prompt(context: Context, answer: CompletableFuture<Cipher?>): BiometricPrompt {
        val prompt = BiometricPrompt.Builder(context).setTitle(words.title)
            .setNegativeButton(words.turnDown, context.mainExecutor) { _, _ -> answer.complete(null) }
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            prompt.setAllowedAuthenticators(BiometricManager.Authenticators.BIOMETRIC_STRONG)
        }
        return prompt.build()
    }
}

/** Whether this device has a biometric sensor and knows a finger or face that it may ask for. */
fun hasSensor(context: Context): Boolean = when {
    Build.VERSION.SDK_INT >= Build.VERSION_CODES.R ->
        context.getSystemService(BiometricManager::class.java)
            ?.canAuthenticate(BiometricManager.Authenticators.BIOMETRIC_STRONG) == BiometricManager.BIOMETRIC_SUCCESS
    // Whether a finger is known shows when it is set up.
    else -> context.packageManager.hasSystemFeature(PackageManager.FEATURE_FINGERPRINT)
}
