package org.homeround.ui

import androidx.compose.foundation.BorderStroke
import androidx.compose.foundation.Canvas
import androidx.compose.foundation.border
import androidx.compose.foundation.gestures.awaitEachGesture
import androidx.compose.foundation.gestures.awaitFirstDown
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.BoxWithConstraints
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.aspectRatio
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.widthIn
import androidx.compose.material3.HorizontalDivider
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedTextField
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.runtime.mutableIntStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.setValue
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.Path
import androidx.compose.ui.graphics.StrokeCap
import androidx.compose.ui.graphics.StrokeJoin
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.input.pointer.PointerInputChange
import androidx.compose.ui.input.pointer.PointerType
import androidx.compose.ui.input.pointer.pointerInput
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextDecoration
import androidx.compose.ui.unit.dp
import org.homeround.core.Drawing
import org.homeround.core.EntryId
import org.homeround.core.InkPoint
import org.homeround.kit.screens.NOT_SIGNED_REASONS
import org.homeround.kit.screens.RELATIONS
import org.homeround.kit.screens.SignOffForm
import org.homeround.kit.screens.SignOffRow
import org.homeround.kit.screens.SignWay
import org.homeround.kit.screens.SignaturePad
import org.homeround.kit.screens.SignerKind
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.words

/** What a person does while a signature by hand is taken. */
class SignOffActions(
    val begin: () -> Unit,
    val change: (SignOffForm) -> Unit,
    val save: (Drawing?) -> Unit,
    val close: () -> Unit,
    /** A signature is wrong, for this reason. */
    val takeBack: (EntryId, reason: String) -> Unit,
)

/** Signatures by hand, and taking one. */
@Composable
internal fun SignOffs(state: VisitState, on: SignOffActions) {
    if (state.signOffs.isEmpty() && !state.maySignOff) return
    Part(text("sign_off_title")) {
        state.signOffs.forEach { row -> key(row.id) { Given(row, on) } }
        val form = state.signing
        when {
            form != null -> Taking(form, on)
            state.maySignOff -> Also(text("sign_off_take"), onClick = on.begin)
        }
    }
}

@Composable
private fun Given(row: SignOffRow, on: SignOffActions) {
    HorizontalDivider(color = MaterialTheme.colorScheme.outlineVariant)
    val who = listOfNotNull(read(row.signer), row.name, row.relation?.let { read(it) }).joinToString(" · ")
    Line(who, read(row.taken), strong = true)
    val told = read(row.given)
    row.drawing?.let { Drawn(it, "$who: $told") }
    val struck = if (row.wrong == null) null else TextDecoration.LineThrough
    Text(told, style = MaterialTheme.typography.bodyLarge, textDecoration = struck)
    row.comment?.let { Quiet(it) }
    row.wrong?.let { Quiet(read(it)) }
    if (row.changed.isNotEmpty()) Quiet(text("sign_off_changed", row.changed.map { read(it) }.joinToString(", ")))
    if (row.wrong == null) Wrong { reason -> on.takeBack(row.id, reason) }
}

/** A signature is wrong: why, before it is taken back. */
@Composable
private fun Wrong(onReason: (String) -> Unit) {
    var asking by remember { mutableStateOf(false) }
    var reason by remember { mutableStateOf("") }
    TextButton({ asking = !asking }, Modifier.heightIn(min = TOUCH)) { Text(text("sign_off_wrong")) }
    if (!asking) return
    Quiet(text("sign_off_wrong_hint"))
    Typed("sign_off_wrong_why", reason) { reason = it }
    Main(text("sign_off_take_back"), reason.isNotBlank()) {
        asking = false
        onReason(reason)
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Taking(form: SignOffForm, on: SignOffActions) {
    Quiet(text("sign_off_hint"))
    Choose(text("sign_off_who"), SignerKind.entries.map { kind -> Triple(read(words(kind)), form.kind == kind) { on.change(form.of(kind)) } })
    if (form.kind == SignerKind.REPRESENTATIVE) {
        Typed("sign_off_name", form.name) { on.change(form.copy(name = it)) }
        Choose(
            text("sign_off_relation"),
            RELATIONS.map { one -> Triple(read(words(one)), form.relation == one) { on.change(form.copy(relation = one)) } },
        )
    }
    Choose(text("sign_off_way"), form.ways.map { way -> Triple(read(words(way)), form.way == way) { on.change(form.copy(way = way)) } })
    BoxWithConstraints(Modifier.fillMaxWidth()) {
        // Its size in millimetres is that of its first layout: turned round, the phone shows the same drawing smaller.
        val wide = minOf(maxWidth, PAD_WIDTH)
        val pad = remember(form.kind) { padOf(wide.value) }
        var drawn by remember(form.kind) { mutableIntStateOf(0) }
        Column(verticalArrangement = Arrangement.spacedBy(10.dp)) {
            when (form.way) {
                SignWay.HAND -> Pad(pad, drawn) { drawn++ }
                SignWay.TYPED -> Typed("sign_off_typed", form.typed) { on.change(form.copy(typed = it)) }
                SignWay.NONE -> WhyNot(form, on)
            }
            FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
                val something = drawn >= 0 && !pad.empty
                Main(text("sign_off_save"), form.ready(something)) { on.save(pad.drawing()) }
                Also(text("sign_off_close"), onClick = on.close)
            }
        }
    }
}

@Composable
private fun WhyNot(form: SignOffForm, on: SignOffActions) {
    Choose(
        text("sign_off_why_not"),
        NOT_SIGNED_REASONS.map { one -> Triple(read(words(one)), form.reason == one) { on.change(form.copy(reason = one)) } },
    )
    Typed("visit_comment", form.comment) { on.change(form.copy(comment = it)) }
}

@Composable
private fun Typed(key: String, typed: String, onType: (String) -> Unit) {
    val told = text(key)
    OutlinedTextField(typed, onType, Modifier.fillMaxWidth().semantics { contentDescription = told }, label = { Text(told) })
}

/** [drawn] counts what was drawn: the pad itself tells nobody. */
@OptIn(ExperimentalLayoutApi::class)
@Composable
private fun Pad(pad: SignaturePad, drawn: Int, onDrawn: () -> Unit) {
    val told = text("sign_off_pad")
    val ink = MaterialTheme.colorScheme.onSurface
    val rule = MaterialTheme.colorScheme.outlineVariant
    Canvas(
        Modifier.widthIn(max = PAD_WIDTH).fillMaxWidth().aspectRatio(WIDE)
            .border(BorderStroke(1.dp, MaterialTheme.colorScheme.outline), MaterialTheme.shapes.medium)
            .semantics { contentDescription = told }
            .pointerInput(pad) {
                awaitEachGesture {
                    val first = awaitFirstDown()
                    val scale = pad.widthUm / size.width.toDouble()
                    first.consume()
                    pad.begin(first.position.x * scale, first.position.y * scale, first.uptimeMillis, pressed(first))
                    onDrawn()
                    while (true) {
                        val next = awaitPointerEvent().changes.firstOrNull { it.id == first.id } ?: break
                        next.consume()
                        if (!next.pressed) break
                        pad.move(next.position.x * scale, next.position.y * scale, next.uptimeMillis, pressed(next))
                        onDrawn()
                    }
                    pad.end()
                    onDrawn()
                }
            },
    ) {
        val line = size.height * BASE
        drawLine(rule, Offset(size.width * 0.05f, line), Offset(size.width * 0.95f, line), 1.dp.toPx())
        if (drawn >= 0) strokes(pad.strokes, size.width / pad.widthUm, ink)
    }
    if (drawn >= 0 && pad.full) Quiet(text("sign_off_full"))
    FlowRow(horizontalArrangement = Arrangement.spacedBy(10.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        val something = drawn >= 0 && pad.strokes.isNotEmpty()
        Also(text("sign_off_undo"), something) { pad.undo().also { onDrawn() } }
        Also(text("sign_off_clear"), something) { pad.clear().also { onDrawn() } }
    }
}

/** A signature that was stored. */
@Composable
private fun Drawn(drawing: Drawing, told: String) {
    val ink = MaterialTheme.colorScheme.onSurface
    Canvas(
        Modifier.widthIn(max = SHOWN_WIDTH).fillMaxWidth()
            .aspectRatio(drawing.widthUm.toFloat() / drawing.heightUm.toFloat()).semantics { contentDescription = told },
    ) {
        strokes(drawing.strokes, size.width / drawing.widthUm.toFloat(), ink)
    }
}

private fun DrawScope.strokes(strokes: List<List<InkPoint>>, scale: Float, ink: Color) {
    val pen = Stroke(maxOf(PEN_UM * scale, 1.5.dp.toPx()), cap = StrokeCap.Round, join = StrokeJoin.Round)
    for (stroke in strokes) {
        val path = Path()
        stroke.forEachIndexed { at, point ->
            val (x, y) = point.xUm.toFloat() * scale to point.yUm.toFloat() * scale
            if (at == 0) path.moveTo(x, y) else path.lineTo(x, y)
        }
        // A dot is a line of no length with a round end.
        if (stroke.size == 1) path.lineTo(stroke[0].xUm.toFloat() * scale, stroke[0].yUm.toFloat() * scale)
        drawPath(path, ink, style = pen)
    }
}

/** A finger's pressure says nothing that can be relied on. */
private fun pressed(change: PointerInputChange): Float? = change.pressure.takeIf { change.type == PointerType.Stylus }

private fun padOf(wideDp: Float): SignaturePad {
    val width = (wideDp * SignaturePad.UM_PER_DP).toInt().coerceAtLeast(SIDE_MIN_UM)
    return SignaturePad(width, (width / WIDE).toInt().coerceAtLeast(SIDE_MIN_UM))
}

private const val WIDE = 8f / 3f
private const val BASE = 0.75f
private const val PEN_UM = 500f
private const val SIDE_MIN_UM = 5_000
private val PAD_WIDTH = 560.dp
private val SHOWN_WIDTH = 280.dp
