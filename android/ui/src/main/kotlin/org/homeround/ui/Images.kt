package org.homeround.ui

import androidx.compose.foundation.Image
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.size
import androidx.compose.runtime.Composable
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.remember
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.Modifier
import androidx.compose.ui.graphics.ImageBitmap
import androidx.compose.ui.layout.ContentScale
import androidx.compose.ui.unit.dp

/** Decodes a picture, as the platform does it; none for what is no picture. */
val LocalImages: ProvidableCompositionLocal<(ByteArray) -> ImageBitmap?> = staticCompositionLocalOf { { null } }

/** A picture in a list; nothing where there is none. */
@Composable
internal fun Thumbnail(bytes: ByteArray, described: String) {
    val decode = LocalImages.current
    val image = remember(bytes) { decode(bytes) } ?: return
    Image(image, described, Modifier.size(THUMBNAIL), contentScale = ContentScale.Crop)
}

/** A picture as wide as the screen. */
@Composable
internal fun Picture(bytes: ByteArray, described: String) {
    val decode = LocalImages.current
    val image = remember(bytes) { decode(bytes) }
    if (image == null) Quiet(text("photo_not_shown")) else Image(image, described, Modifier.fillMaxWidth(), contentScale = ContentScale.FillWidth)
}

private val THUMBNAIL = 72.dp
