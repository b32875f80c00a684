package org.homeround.ui.desktop

import androidx.compose.ui.text.font.FontFamily
import androidx.compose.ui.text.font.FontWeight
import androidx.compose.ui.text.platform.Font

private const val FOLDER = "com/formdev/flatlaf/fonts/inter"

/** A desktop has whatever fonts it has: with its own, the app looks the same on each, and so do its pictures. */
val Inter: FontFamily = FontFamily(
    Font("$FOLDER/Inter-Regular.otf", FontWeight.Normal),
    Font("$FOLDER/Inter-SemiBold.otf", FontWeight.SemiBold),
    Font("$FOLDER/Inter-Bold.otf", FontWeight.Bold),
)
