package org.homeround.ui.desktop

import androidx.compose.ui.graphics.ImageBitmap
import androidx.compose.ui.graphics.toComposeImageBitmap
import java.awt.FileDialog
import java.awt.Frame
import java.awt.RenderingHints
import java.awt.image.BufferedImage
import java.io.ByteArrayInputStream
import java.io.ByteArrayOutputStream
import java.nio.file.Files
import java.nio.file.Path
import javax.imageio.ImageIO
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.homeround.kit.screens.Shot
import org.homeround.kit.screens.chosenBytes
import org.jetbrains.skia.Image

/** A picture as the desktop decodes it. */
fun decoded(bytes: ByteArray): ImageBitmap? = runCatching { Image.makeFromEncoded(bytes).toComposeImageBitmap() }.getOrNull()

/** A desktop has no camera: a picture is chosen from the disk. */
suspend fun chosen(): Shot? = withContext(Dispatchers.IO) { choose()?.let(::shot) }

/** The bytes of a file that is chosen from the disk. */
suspend fun chosenFile(): ByteArray? = withContext(Dispatchers.IO) { choose()?.let { file -> chosenBytes { Files.newInputStream(file) } } }

private fun choose(): Path? {
    val dialog = FileDialog(null as Frame?, "", FileDialog.LOAD)
    dialog.isVisible = true
    return dialog.file?.let { Path.of(dialog.directory, it) }
}

/** A picture of the disk as a camera would give it; none for what is no PNG or JPEG. */
fun shot(file: Path): Shot? {
    val bytes = Files.readAllBytes(file)
    val type = when {
        bytes.size > 3 && bytes[0] == 0xFF.toByte() && bytes[1] == 0xD8.toByte() -> "image/jpeg"
        bytes.size > 8 && String(bytes, 1, 3, Charsets.US_ASCII) == "PNG" -> "image/png"
        else -> return null
    }
    return Shot(type, bytes, thumbnail(bytes))
}

private fun thumbnail(bytes: ByteArray): ByteArray? {
    val full = ImageIO.read(ByteArrayInputStream(bytes)) ?: return null
    val scale = minOf(1.0, SIDE.toDouble() / maxOf(full.width, full.height))
    val (width, height) = (full.width * scale).toInt().coerceAtLeast(1) to (full.height * scale).toInt().coerceAtLeast(1)
    val small = BufferedImage(width, height, BufferedImage.TYPE_INT_RGB)
    val graphics = small.createGraphics()
    graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR)
    graphics.drawImage(full, 0, 0, width, height, null)
    graphics.dispose()
    return ByteArrayOutputStream().also { ImageIO.write(small, "jpeg", it) }.toByteArray()
}

/** The longer side of a thumbnail, in points. */
private const val SIDE = 160
