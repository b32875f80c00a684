package org.homeround.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.ExperimentalComposeUiApi
import androidx.compose.ui.ImageComposeScene
import androidx.compose.ui.unit.Density
import java.nio.file.Files
import java.nio.file.Path
import java.util.Locale
import kotlin.math.abs
import kotlin.test.fail
import org.homeround.ui.desktop.FileStrings
import org.homeround.ui.desktop.Inter
import org.homeround.ui.desktop.decoded
import org.jetbrains.skia.Bitmap
import org.jetbrains.skia.EncodedImageFormat
import org.jetbrains.skia.Image

/** How a screen is drawn: in which language, how large the letters, in the dark or not. */
data class Look(val language: String = "en", val fontScale: Float = 1f, val dark: Boolean = false, val height: Int = 860)

/** Draws screens headless and compares them with the committed pictures. */
object Stage {
    private val root: Path = Path.of(System.getProperty("homeround.root"))
    private val golden: Path = root.resolve("android/ui/golden")
    private val drawn: Path = root.resolve("target/kotlin/pictures")
    val resources: Path = root.resolve("android/ui/src/main/res")
    private const val WIDTH = 400
    private const val SECONDS = 4L

    /** A channel that is off by this much is another colour; letters' edges differ from machine to machine. */
    private const val CHANNEL_OFF = 48

    /** Of a picture's points, so many in a thousand may be another colour. */
    private const val PER_MILLE_OFF = 15

    @Composable
    fun Dressed(look: Look, content: @Composable () -> Unit) {
        val strings = FileStrings.read(resources, Locale.forLanguageTag(look.language))
        CompositionLocalProvider(LocalStrings provides strings, LocalImages provides ::decoded) { HomeroundTheme(look.dark, Inter, content) }
    }

    /** Has the machine speak this language, as a calendar does whatever the screens say. */
    fun <T> speaking(language: String, work: () -> T): T {
        val before = Locale.getDefault()
        Locale.setDefault(Locale.forLanguageTag(language))
        try {
            return work()
        } finally {
            Locale.setDefault(before)
        }
    }

    @OptIn(ExperimentalComposeUiApi::class)
    fun draw(look: Look, content: @Composable () -> Unit): Image {
        val scene = ImageComposeScene(WIDTH, look.height, Density(1f, look.fontScale)) { Dressed(look, content) }
        // The second frame has what effects of the first one brought; what moves then has come to rest in the last one.
        for (second in 0L until SECONDS) scene.render(second * 1_000_000_000)
        val image = scene.render(SECONDS * 1_000_000_000)
        scene.close()
        return image
    }

    /** Fails when the screen does not look as the committed picture does. */
    fun looksAs(name: String, look: Look = Look(), content: @Composable () -> Unit) {
        val image = speaking(look.language) { draw(look, content) }
        val png = checkNotNull(image.encodeToData(EncodedImageFormat.PNG)).bytes
        Files.createDirectories(drawn)
        Files.write(drawn.resolve("$name.png"), png)
        val known = golden.resolve("$name.png")
        if (System.getProperty("homeround.golden") == "write") {
            Files.createDirectories(golden)
            Files.write(known, png)
            return
        }
        if (!Files.exists(known)) fail("no golden picture $name; HOMEROUND_GOLDEN=write cargo xtask kotlin draws it")
        val off = difference(image, Image.makeFromEncoded(Files.readAllBytes(known)))
        if (off > PER_MILLE_OFF) fail("$name looks different: $off in a thousand points; see ${drawn.resolve("$name.png")}")
    }

    private fun difference(one: Image, other: Image): Int {
        if (one.width != other.width || one.height != other.height) return 1000
        val (a, b) = pixels(one) to pixels(other)
        var off = 0
        for (y in 0 until one.height) {
            for (x in 0 until one.width) {
                if (differs(a.getColor(x, y), b.getColor(x, y))) off++
            }
        }
        return (off * 1000L / (one.width * one.height)).toInt()
    }

    private fun differs(a: Int, b: Int): Boolean =
        listOf(0, 8, 16).any { shift -> abs((a shr shift and 255) - (b shr shift and 255)) > CHANNEL_OFF }

    private fun pixels(image: Image): Bitmap = Bitmap().apply {
        allocN32Pixels(image.width, image.height)
        image.readPixels(this)
    }
}
