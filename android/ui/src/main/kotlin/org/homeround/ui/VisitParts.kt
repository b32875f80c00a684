package org.homeround.ui

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.dp
import org.homeround.core.BreakReason
import org.homeround.core.NotDoneReason
import org.homeround.kit.screens.Ending
import org.homeround.kit.screens.LateRow
import org.homeround.kit.screens.PhotoRow
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.words

/** The visit does not take place: nobody met, or called off, always with a reason. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Endings(endings: List<Ending>, onEnd: (Ending, NotDoneReason, String) -> Unit) {
    var chosen by remember(endings) { mutableStateOf<Ending?>(null) }
    if (endings.isEmpty()) return
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(10.dp)) {
        endings.forEach { ending ->
            Also(text("action_${ending.name.lowercase()}")) { chosen = if (chosen == ending) null else ending }
        }
    }
    chosen?.let { ending ->
        Part(text("action_${ending.name.lowercase()}")) {
            Reasons { reason, comment ->
                chosen = null
                onEnd(ending, reason, comment)
            }
        }
    }
}

/** A coded reason, and a word on it if one is wanted. */
@Composable
internal fun Reasons(onReason: (NotDoneReason, comment: String) -> Unit) =
    Coded(text("visit_reason"), NotDoneReason.entries, { words(it) }, onReason)

/** Why the visit is interrupted. */
@Composable
internal fun Breaks(onReason: (BreakReason, comment: String) -> Unit) = Part(text("action_break")) {
    Coded(text("visit_break_why"), BreakReason.entries, { words(it) }, onReason)
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun <R> Coded(why: String, reasons: List<R>, name: (R) -> Words, onReason: (R, comment: String) -> Unit) {
    var comment by remember { mutableStateOf("") }
    val told = text("visit_comment")
    OutlinedTextField(
        comment, { comment = it }, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) },
    )
    Quiet(why)
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(4.dp)) {
        reasons.forEach { reason -> Also(read(name(reason))) { onReason(reason, comment) } }
    }
}

/** What came after the signature and waits for the signer. */
@Composable
internal fun Late(rows: List<LateRow>) {
    Part(text("late_title")) {
        Quiet(text("late_hint"))
        rows.forEach { row ->
            HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
            Line("${row.by} · ${row.at}", row.fields.map { read(it) }.joinToString(", "), strong = true)
            Quiet(read(row.told))
        }
    }
}

/** What a person does with photos, recordings and files. */
class PhotoActions(
    /** Takes a picture with this caption; none: there is no camera. */
    val take: ((caption: String) -> Unit)?,
    /** Adds a chosen file with this caption; none: there are no files. */
    val add: ((caption: String) -> Unit)?,
    /** Shows a photo, plays a recording. */
    val open: (PhotoRow) -> Unit,
    val close: () -> Unit,
)

/** Photos, recordings and files of the visit, and taking another. */
@Composable
internal fun Photos(state: VisitState, on: PhotoActions) {
    var caption by remember(state.photos.size) { mutableStateOf("") }
    Part(text("visit_photos")) {
        val (take, add) = on.take to on.add
        if (state.editable && (take != null || add != null)) {
            val told = text("photo_caption")
            OutlinedTextField(
                caption, { caption = it }, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) },
                singleLine = true,
            )
            take?.let { Main(text("photo_take")) { it(caption) } }
            add?.let { Also(text("photo_add_file")) { it(caption) } }
        }
        if (state.photos.isEmpty()) Quiet(text("visit_no_photos"))
        state.photos.forEach { Photo(it, state, on) }
    }
}

@Composable
private fun Photo(photo: PhotoRow, state: VisitState, on: PhotoActions) {
    HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
    val name = photo.caption.ifEmpty { text("photo_nameless") }
    photo.thumbnail?.let { Thumbnail(it, name) }
    Line(name, photo.by)
    Labels(listOf(photo.state))
    val opened = state.opened?.takeIf { it.photo.id == photo.id }
    when {
        opened != null -> {
            val bytes = opened.bytes
            when {
                bytes == null -> Quiet(text("photo_fetching"))
                photo.audio -> Recording(bytes, on.close)
                else -> Picture(bytes, name)
            }
            Also(text(if (photo.audio) "recording_stop" else "photo_close"), onClick = on.close)
        }
        photo.image -> Also(text("photo_open")) { on.open(photo) }
        photo.audio && LocalPlayer.current != null -> Also(text("recording_play")) { on.open(photo) }
    }
}

/** The way to the visit's forms. */
@Composable
internal fun FormsOf(state: VisitState, onOpen: () -> Unit) {
    Part(text("forms_title")) {
        if (state.forms.isNotEmpty()) Quiet(read(Words.counted("forms_begun", state.forms.size)))
        Also(text("forms_open"), onClick = onOpen)
    }
}
