package org.homeround.app

import android.content.Intent
import android.net.Uri
import android.os.Build
import android.os.Bundle
import android.view.WindowManager
import androidx.activity.ComponentActivity
import androidx.activity.OnBackPressedCallback
import androidx.activity.compose.setContent
import androidx.activity.result.contract.ActivityResultContracts
import androidx.compose.runtime.CompositionLocalProvider
import androidx.core.content.FileProvider
import androidx.lifecycle.lifecycleScope
import java.io.File
import java.util.TimeZone
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.homeround.core.OpenConfig
import org.homeround.kit.Homeround
import org.homeround.kit.SignInNeeded
import org.homeround.kit.android.BiometricConfirm
import org.homeround.kit.android.BiometricWords
import org.homeround.kit.android.KeystoreVault
import org.homeround.kit.android.MemoryPlayer
import org.homeround.kit.android.SyncWorker
import org.homeround.kit.android.follow
import org.homeround.kit.android.hasSensor
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Shot
import org.homeround.kit.screens.chosenBytes
import org.homeround.ui.App
import org.homeround.ui.HomeroundTheme
import org.homeround.ui.LocalImages
import org.homeround.ui.LocalPlayer
import org.homeround.ui.LocalStrings
import org.homeround.ui.Shell
import org.homeround.ui.android.AndroidStrings
import org.homeround.ui.android.decoded
import org.homeround.ui.android.shot

/** The rim: opens the phone and shows the screens. */
class MainActivity : ComponentActivity() {
    private val player = MemoryPlayer()

    /** On while a patient has the phone: nothing lies behind the survey. */
    private val stay = object : OnBackPressedCallback(false) {
        override fun handleOnBackPressed() = Unit
    }

    private var taken: CompletableDeferred<Boolean>? = null
    private val camera = registerForActivityResult(ActivityResultContracts.TakePicture()) { taken?.complete(it) }

    private var chosen: CompletableDeferred<Uri?>? = null
    private val files = registerForActivityResult(ActivityResultContracts.OpenDocument()) { chosen?.complete(it) }

    /** The system's own chooser: the app needs no permission for it. */
    private suspend fun chosenFile(): ByteArray? {
        val answer = CompletableDeferred<Uri?>().also { chosen = it }
        files.launch(arrayOf("image/*", "audio/*", "video/mp4", "application/pdf"))
        val file = answer.await() ?: return null
        return withContext(Dispatchers.IO) { chosenBytes { contentResolver.openInputStream(file) } }
    }

    /** The camera's app writes into the cache; the picture is deleted as soon as it was read. */
    private suspend fun photograph(): Shot? {
        val file = File.createTempFile("photo", ".jpg", File(cacheDir, "photos").apply { mkdirs() })
        try {
            val answer = CompletableDeferred<Boolean>().also { taken = it }
            camera.launch(FileProvider.getUriForFile(this, "$packageName.photos", file))
            return if (answer.await()) withContext(Dispatchers.IO) { shot(file.readBytes()) } else null
        } finally {
            file.delete()
        }
    }

    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        // No patient in screenshots, in the list of recent apps or on a cast screen.
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        onBackPressedDispatcher.addCallback(this, stay)
        lifecycleScope.launch { show(opened()) }
    }

    private suspend fun opened(): Homeround {
        val application = application as HomeroundApplication
        application.homeround?.let { return it }
        val config = OpenConfig(
            folder = noBackupFilesDir.resolve("homeround").path,
            backendUrl = BuildConfig.BACKEND_URL,
            deviceLabel = Build.MODEL,
            timeZone = TimeZone.getDefault().id,
        )
        // The organisation's own sign-in goes here: any OpenID Connect library.
        val vault = KeystoreVault(BiometricConfirm(asked(), application::front))
        val phone = Homeround.open(config, vault, tokens = { throw SignInNeeded() })
        application.homeround = phone
        lifecycleScope.launch { phone.sync.follow(applicationContext) }
        SyncWorker.schedule(applicationContext)
        return phone
    }

    private fun asked(): BiometricWords {
        val strings = AndroidStrings(this)
        fun said(key: String) = strings.find(key, emptyList(), null).orEmpty()
        return BiometricWords(title = said("lock_unlock"), turnDown = said("lock_sensor_no"))
    }

    override fun onResume() {
        super.onResume()
        (application as HomeroundApplication).front = this
    }

    override fun onPause() {
        (application as HomeroundApplication).front = null
        super.onPause()
    }

    /** Nobody hears of a patient from a phone that was put away. */
    override fun onStop() {
        player.stop()
        super.onStop()
    }

    /** A link to join a call by goes to whatever opens it, a number to the dialer: nobody is called unasked. */
    private fun open(url: String) {
        val address = Uri.parse(url)
        val action = if (address.scheme == "tel") Intent.ACTION_DIAL else Intent.ACTION_VIEW
        // A device that opens none shows the number all the same.
        runCatching { startActivity(Intent(action, address)) }
    }

    /** A patient has the phone, or it is back: meanwhile the system keeps them in the app, where it lets an app ask for that. */
    private fun lent(away: Boolean) {
        stay.isEnabled = away
        runCatching { if (away) startLockTask() else stopLockTask() }
    }

    private fun show(phone: Homeround) = setContent {
        val locale = resources.configuration.locales[0]
        val shell = Shell(
            phone, Formats(locale), TimeZone.getDefault().id, { System.currentTimeMillis() },
            camera = ::photograph, files = ::chosenFile, sensor = hasSensor(this), open = ::open, lent = ::lent,
        )
        val words = AndroidStrings(this)
        CompositionLocalProvider(LocalStrings provides words, LocalImages provides ::decoded, LocalPlayer provides player) {
            HomeroundTheme { App(shell) }
        }
    }
}
