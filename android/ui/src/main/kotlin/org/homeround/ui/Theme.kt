package org.homeround.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.ColorScheme
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Shapes
import androidx.compose.material3.Typography
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.runtime.remember
import androidx.compose.foundation.shape.RoundedCornerShape
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import org.homeround.kit.screens.Tone

private val Light: ColorScheme = lightColorScheme(
    primary = Color(0xFF00565B),
    onPrimary = Color(0xFFFFFFFF),
    primaryContainer = Color(0xFFCDE8E8),
    onPrimaryContainer = Color(0xFF00292C),
    secondary = Color(0xFF4A6264),
    onSecondary = Color(0xFFFFFFFF),
    secondaryContainer = Color(0xFFE1EAEA),
    onSecondaryContainer = Color(0xFF1B2F30),
    error = Color(0xFFA8201A),
    onError = Color(0xFFFFFFFF),
    errorContainer = Color(0xFFFBE0DD),
    onErrorContainer = Color(0xFF5F0F0B),
    background = Color(0xFFF6F8F8),
    onBackground = Color(0xFF171D1D),
    surface = Color(0xFFFFFFFF),
    onSurface = Color(0xFF171D1D),
    surfaceVariant = Color(0xFFE8EEEE),
    onSurfaceVariant = Color(0xFF414B4C),
    outline = Color(0xFF6B7778),
    outlineVariant = Color(0xFFCBD4D4),
    surfaceContainerHigh = Color(0xFFFFFFFF),
)

private val Dark: ColorScheme = darkColorScheme(
    primary = Color(0xFF85D3D5),
    onPrimary = Color(0xFF003739),
    primaryContainer = Color(0xFF004F52),
    onPrimaryContainer = Color(0xFFCDE8E8),
    secondary = Color(0xFFB1CBCC),
    onSecondary = Color(0xFF1C3435),
    secondaryContainer = Color(0xFF2B3C3D),
    onSecondaryContainer = Color(0xFFD7E6E6),
    error = Color(0xFFFFB4AB),
    onError = Color(0xFF690005),
    errorContainer = Color(0xFF7A1F19),
    onErrorContainer = Color(0xFFFFDAD6),
    background = Color(0xFF0F1515),
    onBackground = Color(0xFFDEE4E4),
    surface = Color(0xFF192121),
    onSurface = Color(0xFFDEE4E4),
    surfaceVariant = Color(0xFF263131),
    onSurfaceVariant = Color(0xFFBEC9C9),
    outline = Color(0xFF899394),
    outlineVariant = Color(0xFF3B4747),
    surfaceContainerHigh = Color(0xFF202A2A),
)

/** Colours of a tone: what stands behind, and what is written on it. */
@Composable
internal fun colours(tone: Tone): Pair<Color, Color> {
    val scheme = MaterialTheme.colorScheme
    val dark = scheme.background == Dark.background
    return when (tone) {
        Tone.QUIET -> scheme.surfaceVariant to scheme.onSurfaceVariant
        Tone.ACTIVE -> scheme.primaryContainer to scheme.onPrimaryContainer
        Tone.GOOD -> if (dark) Color(0xFF1D4A2A) to Color(0xFFC3EBCB) else Color(0xFFD5EEDA) to Color(0xFF0F3A1B)
        Tone.WARNING -> if (dark) Color(0xFF56410A) to Color(0xFFFFE6A8) else Color(0xFFFFEDC2) to Color(0xFF453200)
        Tone.ALARM -> scheme.errorContainer to scheme.onErrorContainer
    }
}

private val Type = Typography().let {
    it.copy(
        headlineSmall = it.headlineSmall.copy(fontWeight = FontWeight.SemiBold, fontSize = 24.sp),
        titleLarge = it.titleLarge.copy(fontWeight = FontWeight.SemiBold, fontSize = 20.sp),
        titleMedium = it.titleMedium.copy(fontWeight = FontWeight.SemiBold),
        labelLarge = it.labelLarge.copy(fontWeight = FontWeight.SemiBold),
    )
}

private val Corners = Shapes(
    small = RoundedCornerShape(8.dp),
    medium = RoundedCornerShape(12.dp),
    large = RoundedCornerShape(16.dp),
)

/** Calm, legible, the same on both platforms. */
@Composable
fun HomeroundTheme(
    dark: Boolean = isSystemInDarkTheme(),
    font: FontFamily = FontFamily.Default,
    content: @Composable () -> Unit,
) {
    val type = remember(font) { Type.written(font) }
    MaterialTheme(colorScheme = if (dark) Dark else Light, typography = type, shapes = Corners, content = content)
}

private fun Typography.written(font: FontFamily) = copy(
    headlineLarge = headlineLarge.copy(fontFamily = font),
    headlineSmall = headlineSmall.copy(fontFamily = font),
    titleLarge = titleLarge.copy(fontFamily = font),
    titleMedium = titleMedium.copy(fontFamily = font),
    bodyLarge = bodyLarge.copy(fontFamily = font),
    bodyMedium = bodyMedium.copy(fontFamily = font),
    bodySmall = bodySmall.copy(fontFamily = font),
    labelLarge = labelLarge.copy(fontFamily = font),
)
