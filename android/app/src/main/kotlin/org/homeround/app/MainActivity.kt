package org.homeround.app

import android.os.Build
import android.os.Bundle
import android.view.WindowManager
import androidx.activity.ComponentActivity
import androidx.activity.compose.setContent
import androidx.compose.runtime.CompositionLocalProvider
import androidx.lifecycle.lifecycleScope
import java.util.TimeZone
import kotlinx.coroutines.launch
import org.homeround.core.OpenConfig
import org.homeround.kit.Homeround
import org.homeround.kit.SignInNeeded
import org.homeround.kit.android.KeystoreVault
import org.homeround.kit.android.SyncWorker
import org.homeround.kit.android.follow
import org.homeround.kit.screens.Formats
import org.homeround.ui.App
import org.homeround.ui.HomeroundTheme
import org.homeround.ui.LocalStrings
import org.homeround.ui.Shell
import org.homeround.ui.android.AndroidStrings

/** The rim: opens the phone and shows the screens. */
class MainActivity : ComponentActivity() {
    override fun onCreate(saved: Bundle?) {
        super.onCreate(saved)
        // No patient in screenshots, in the list of recent apps or on a cast screen.
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
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
        // Until there is a biometric prompt, the sensor unlocks nothing: the PIN does.
        val vault = KeystoreVault(confirm = { null })
        val phone = Homeround.open(config, vault, tokens = { throw SignInNeeded() })
        application.homeround = phone
        lifecycleScope.launch { phone.sync.follow(applicationContext) }
        SyncWorker.schedule(applicationContext)
        return phone
    }

    private fun show(phone: Homeround) = setContent {
        val locale = resources.configuration.locales[0]
        val shell = Shell(phone, Formats(locale), TimeZone.getDefault().id, { System.currentTimeMillis() })
        CompositionLocalProvider(LocalStrings provides AndroidStrings(resources, packageName)) {
            HomeroundTheme { App(shell) }
        }
    }
}
