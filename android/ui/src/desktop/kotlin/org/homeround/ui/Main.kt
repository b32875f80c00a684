package org.homeround.ui.desktop

import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.unit.DpSize
import androidx.compose.ui.unit.dp
import androidx.compose.ui.window.Window
import androidx.compose.ui.window.WindowState
import androidx.compose.ui.window.application
import java.nio.file.Files
import java.nio.file.Path
import java.time.LocalTime
import java.util.Locale
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking
import org.homeround.core.OpenConfig
import org.homeround.core.SessionState
import org.homeround.core.SoftwareVault
import org.homeround.kit.Backend
import org.homeround.kit.Homeround
import org.homeround.kit.screens.Formats
import org.homeround.ui.App
import org.homeround.ui.HomeroundTheme
import org.homeround.ui.LocalImages
import org.homeround.ui.LocalStrings
import org.homeround.ui.Shell

private const val HELP = """Opens Homeround in a window: real screens over a real encrypted store and a real server.

  cargo xtask phone                     a fresh day, as the nurse Nina
  cargo xtask phone -- --person theo    the same day, as the therapist Theo
  cargo xtask phone -- --language es    in Spanish
  cargo xtask phone -- --dark           in the dark
  cargo xtask phone -- --join URL       a second phone at the server of the first; it printed its URL

The keys lie in files: this is for looking, not for patients. Everything is deleted at the end."""

/** The app in a desktop window. */
fun main(arguments: Array<String>) {
    if ("--help" in arguments) {
        println(HELP)
        return
    }
    fun after(flag: String): String? = arguments.indexOf(flag).takeIf { it >= 0 }?.let { arguments.getOrNull(it + 1) }
    val person = after("--person") ?: "nina"
    if (person !in setOf("nina", "theo")) {
        System.err.println("--person is nina or theo")
        exitProcess(2)
    }
    val locale = Locale.forLanguageTag(after("--language") ?: "en")
    val folder = Files.createTempDirectory("homeround-phone")
    val joined = after("--join")
    val backend = if (joined != null) Backend.at(joined) else Backend.inFolder(folder.resolve("server")).also(::book)
    println("The server listens at ${backend.url}; stop it by closing the window.")
    // However it ends, by the window or by Ctrl-C: no server stays, and no folder.
    val end = Thread {
        backend.close()
        folder.toFile().deleteRecursively()
    }
    Runtime.getRuntime().addShutdownHook(end)
    val phone = runBlocking { open(folder, backend, person) }
    window(phone, locale, "--dark" in arguments)
    phone.close()
}

/** Patients of the fixtures, two people, and a day of visits. */
private fun book(backend: Backend) {
    val site = backend.day()
    for ((hour, tasks) in listOf(11 to listOf("Foot check"), 14 to listOf("Fill the pill box", "Weigh"))) {
        backend.book(site.patient, listOf(site.nurse), LocalTime.of(hour, 30), tasks)
    }
}

private suspend fun open(folder: Path, backend: Backend, person: String): Homeround {
    val config = OpenConfig(folder.resolve(person).toString(), backend.url, "Desktop of $person", Backend.ZONE.id)
    val keys = SoftwareVault.open(folder.resolve("$person-keys").toString())
    val phone = Homeround.open(config, keys, { backend.token(person) })
    // A phone that is set up already says so; this one begins at choosing a PIN.
    if (phone.session.state() == SessionState.READY) phone.sync.start()
    return phone
}

private fun window(phone: Homeround, locale: Locale, dark: Boolean) = application {
    val resources = Path.of(System.getProperty("homeround.root"), "android/ui/src/main/res")
    val strings = FileStrings.read(resources, locale)
    Window(onCloseRequest = ::exitApplication, state = WindowState(size = DpSize(430.dp, 880.dp)), title = "Homeround") {
        CompositionLocalProvider(LocalStrings provides strings, LocalImages provides ::decoded) {
            HomeroundTheme(dark, Inter) {
                App(Shell(phone, Formats(locale), Backend.ZONE.id, { System.currentTimeMillis() }, camera = ::chosen, files = ::chosenFile))
            }
        }
    }
}
