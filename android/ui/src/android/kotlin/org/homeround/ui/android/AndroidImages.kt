package org.homeround.ui.android

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import androidx.compose.ui.graphics.ImageBitmap
import androidx.compose.ui.graphics.asImageBitmap
import java.io.ByteArrayOutputStream
import org.homeround.kit.screens.Shot

/** A picture as Android decodes it. */
fun decoded(bytes: ByteArray): ImageBitmap? = BitmapFactory.decodeByteArray(bytes, 0, bytes.size)?.asImageBitmap()

/** A camera's picture with a small one for lists. */
fun shot(jpeg: ByteArray): Shot? {
    val full = BitmapFactory.decodeByteArray(jpeg, 0, jpeg.size) ?: return null
    val scale = minOf(1f, SIDE.toFloat() / maxOf(full.width, full.height))
    val small = Bitmap.createScaledBitmap(
        full, (full.width * scale).toInt().coerceAtLeast(1), (full.height * scale).toInt().coerceAtLeast(1), true,
    )
    val bytes = ByteArrayOutputStream().also { small.compress(Bitmap.CompressFormat.JPEG, QUALITY, it) }.toByteArray()
    return Shot("image/jpeg", jpeg, bytes)
}

/** The longer side of a thumbnail, in points. */
private const val SIDE = 160
private const val QUALITY = 80
