package org.homeround.ui

import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.LinearProgressIndicator
import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.ProvidableCompositionLocal
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberUpdatedState
import androidx.compose.runtime.setValue
import androidx.compose.runtime.staticCompositionLocalOf
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.clearAndSetSemantics
import org.homeround.kit.screens.Player
import org.homeround.kit.screens.heard

/** Plays recordings, as the platform does it; none: here they are not offered to be played. */
val LocalPlayer: ProvidableCompositionLocal<Player?> = staticCompositionLocalOf { null }

/** Plays a recording for as long as it is shown: leaving the screen and locking the phone stop it. */
@Composable
internal fun Recording(bytes: ByteArray, onEnd: () -> Unit) {
    val player = LocalPlayer.current
    val end by rememberUpdatedState(onEnd)
    var place by remember(bytes) { mutableStateOf(0L to 0L) }
    var plays by remember(bytes) { mutableStateOf(true) }
    LaunchedEffect(bytes) {
        plays = player?.play(bytes) { position, duration -> place = position to duration } ?: false
        if (plays) end()
    }
    if (!plays) {
        Quiet(text("recording_not_played"))
        return
    }
    val (position, duration) = place
    // The words below say the same.
    LinearProgressIndicator(
        { if (duration > 0) position.toFloat() / duration else 0f }, Modifier.fillMaxWidth().clearAndSetSemantics {},
    )
    Quiet(read(heard(position, duration)))
}
