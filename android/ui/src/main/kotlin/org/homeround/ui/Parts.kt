package org.homeround.ui

import androidx.compose.foundation.BorderStroke
import androidx.compose.foundation.Canvas
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.ExperimentalLayoutApi
import androidx.compose.foundation.layout.FlowRow
import androidx.compose.foundation.layout.Row
import androidx.compose.foundation.layout.Spacer
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.heightIn
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.size
import androidx.compose.foundation.layout.width
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.Button
import androidx.compose.material3.Card
import androidx.compose.material3.CardDefaults
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.OutlinedButton
import androidx.compose.material3.Surface
import androidx.compose.material3.Text
import androidx.compose.material3.TextButton
import androidx.compose.runtime.Composable
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.Path
import androidx.compose.ui.graphics.StrokeCap
import androidx.compose.ui.graphics.StrokeJoin
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.LiveRegionMode
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.liveRegion
import androidx.compose.ui.semantics.role
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.text.style.TextOverflow
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.Problem
import org.homeround.kit.screens.Tone

/** The least size of what is touched. */
internal val TOUCH = 48.dp

/**
 * A screen: its title, what the network does, what went wrong, and what it is about. A problem with one of
 * [besideFields] is shown where it is typed.
 */
@Composable
internal fun Page(
    title: String,
    network: Chip,
    problem: Problem?,
    onBack: (() -> Unit)? = null,
    onDismiss: () -> Unit,
    onNetwork: () -> Unit = {},
    besideFields: Set<String> = emptySet(),
    content: @Composable ColumnScope.() -> Unit,
) {
    Surface(color = MaterialTheme.colorScheme.background, modifier = Modifier.fillMaxSize()) {
        Column(Modifier.fillMaxSize()) {
            NetworkBar(network, onNetwork)
            Row(
                Modifier.fillMaxWidth().padding(start = if (onBack == null) 20.dp else 8.dp, end = 12.dp, top = 8.dp),
                verticalAlignment = Alignment.CenterVertically,
            ) {
                if (onBack != null) TextButton(onBack, Modifier.heightIn(min = TOUCH)) { Text("‹ " + text("visit_back")) }
                Text(
                    title,
                    style = MaterialTheme.typography.headlineSmall,
                    color = MaterialTheme.colorScheme.onBackground,
                    modifier = Modifier.weight(1f).padding(vertical = 8.dp).semantics { heading() },
                )
            }
            Column(
                Modifier.weight(1f).verticalScroll(rememberScrollState()).padding(horizontal = 16.dp).padding(bottom = 24.dp),
                verticalArrangement = Arrangement.spacedBy(12.dp),
            ) {
                // What no field of the page shows is shown here: nothing is refused in silence.
                if (problem != null && problem.field !in besideFields) Trouble(problem, onDismiss)
                content()
            }
        }
    }
}

/** Always there, never in the way. */
@Composable
private fun NetworkBar(chip: Chip, onClick: () -> Unit) {
    val (behind, on) = colours(chip.tone)
    // The words belong to what is pressed: a screen reader says both as one.
    val spoken = Modifier.semantics {
        liveRegion = LiveRegionMode.Polite
        role = Role.Button
    }
    Surface(color = behind, contentColor = on, onClick = onClick, modifier = spoken.fillMaxWidth().heightIn(min = TOUCH)) {
        Row(Modifier.padding(horizontal = 20.dp, vertical = 8.dp), verticalAlignment = Alignment.CenterVertically) {
            Mark(chip.glyph, on)
            Spacer(Modifier.width(10.dp))
            Text(read(chip.words), style = MaterialTheme.typography.labelLarge)
        }
    }
}

@Composable
internal fun Trouble(problem: Problem, onDismiss: () -> Unit) {
    val (behind, on) = colours(Tone.ALARM)
    Surface(color = behind, contentColor = on, shape = MaterialTheme.shapes.medium, modifier = Modifier.fillMaxWidth()) {
        Row(Modifier.padding(start = 16.dp, top = 4.dp, bottom = 4.dp, end = 4.dp), verticalAlignment = Alignment.CenterVertically) {
            Mark(Glyph.WARNING, on)
            Text(
                read(problem.words),
                Modifier.weight(1f).padding(12.dp).semantics { liveRegion = LiveRegionMode.Assertive },
                style = MaterialTheme.typography.bodyLarge,
            )
            TextButton(onDismiss, Modifier.heightIn(min = TOUCH)) { Text(text("error_dismiss"), color = on) }
        }
    }
}

/** A part of a screen under a heading of its own. */
@Composable
internal fun Part(title: String, content: @Composable ColumnScope.() -> Unit) {
    Card(
        colors = CardDefaults.cardColors(containerColor = MaterialTheme.colorScheme.surface),
        border = BorderStroke(1.dp, MaterialTheme.colorScheme.outlineVariant),
        modifier = Modifier.fillMaxWidth(),
    ) {
        Column(Modifier.padding(16.dp), verticalArrangement = Arrangement.spacedBy(10.dp)) {
            Text(title, style = MaterialTheme.typography.titleMedium, modifier = Modifier.semantics { heading() })
            content()
        }
    }
}

/** A small label: its meaning is in the words and the mark, not in the colour alone. */
@Composable
internal fun Label(chip: Chip) {
    val (behind, on) = colours(chip.tone)
    Row(
        Modifier.background(behind, MaterialTheme.shapes.small).padding(horizontal = 10.dp, vertical = 5.dp)
            .semantics(mergeDescendants = true) {},
        verticalAlignment = Alignment.CenterVertically,
    ) {
        Mark(chip.glyph, on)
        Spacer(Modifier.width(6.dp))
        Text(read(chip.words), color = on, style = MaterialTheme.typography.labelLarge)
    }
}

@OptIn(ExperimentalLayoutApi::class)
@Composable
internal fun Labels(chips: List<Chip>) {
    FlowRow(horizontalArrangement = Arrangement.spacedBy(8.dp), verticalArrangement = Arrangement.spacedBy(8.dp)) {
        chips.forEach { Label(it) }
    }
}

/** What a person does first here. */
@Composable
internal fun Main(label: String, enabled: Boolean = true, onClick: () -> Unit) {
    Button(onClick, Modifier.heightIn(min = TOUCH), enabled = enabled, shape = MaterialTheme.shapes.medium) { Text(label) }
}

/** What else a person may do here. */
@Composable
internal fun Also(label: String, enabled: Boolean = true, onClick: () -> Unit) {
    OutlinedButton(onClick, Modifier.heightIn(min = TOUCH), enabled = enabled, shape = MaterialTheme.shapes.medium) { Text(label) }
}

/** A line with something under it. One that is not [alone] is what a button says, and is read with it. */
@Composable
internal fun Line(title: String, detail: String = "", strong: Boolean = false, alone: Boolean = true) {
    Column(if (alone) Modifier.fillMaxWidth().semantics(mergeDescendants = true) {} else Modifier.fillMaxWidth()) {
        val style = if (strong) MaterialTheme.typography.titleMedium else MaterialTheme.typography.bodyLarge
        Text(title, style = style)
        if (detail.isNotEmpty()) Quiet(detail)
    }
}

@Composable
internal fun Quiet(text: String, modifier: Modifier = Modifier, align: TextAlign? = null) {
    Text(
        text, modifier, style = MaterialTheme.typography.bodyMedium, color = MaterialTheme.colorScheme.onSurfaceVariant,
        textAlign = align, overflow = TextOverflow.Visible,
    )
}

/** Draws a mark; the words beside it say what it means. */
@Composable
internal fun Mark(glyph: Glyph, colour: Color, described: Boolean = false) {
    val name = text("glyph_${glyph.name.lowercase()}")
    val modifier = if (described) Modifier.semantics { contentDescription = name } else Modifier
    // As large as the letters beside it.
    val size = with(LocalDensity.current) { 18.sp.toDp() }
    Canvas(modifier.size(size)) { draw(glyph, colour) }
}

private fun DrawScope.draw(glyph: Glyph, colour: Color) {
    val w = size.width
    val stroke = Stroke(w * 0.11f, cap = StrokeCap.Round, join = StrokeJoin.Round)
    fun path(vararg points: Pair<Float, Float>, close: Boolean = false) {
        val path = Path()
        points.forEachIndexed { at, (x, y) -> if (at == 0) path.moveTo(x * w, y * w) else path.lineTo(x * w, y * w) }
        if (close) path.close()
        drawPath(path, colour, style = stroke)
    }
    fun ring() = drawCircle(colour, w * 0.42f, style = stroke)
    fun cloud() {
        path(.28f to .76f, .2f to .72f, .13f to .6f, .2f to .48f, .31f to .45f, .36f to .3f, .52f to .22f, .68f to .3f, .73f to .43f, .85f to .48f, .89f to .6f, .82f to .72f, .74f to .76f, close = true)
    }
    when (glyph) {
        Glyph.CLOCK -> { ring(); path(.5f to .28f, .5f to .52f, .66f to .6f) }
        Glyph.ROAD -> { path(.3f to .9f, .42f to .1f); path(.7f to .9f, .58f to .1f); path(.5f to .82f, .5f to .68f); path(.5f to .5f, .5f to .38f) }
        Glyph.HOME -> { path(.1f to .5f, .5f to .14f, .9f to .5f); path(.22f to .46f, .22f to .86f, .78f to .86f, .78f to .46f) }
        Glyph.PAUSE -> { path(.36f to .2f, .36f to .8f); path(.64f to .2f, .64f to .8f) }
        Glyph.CHECK -> path(.16f to .54f, .4f to .78f, .86f to .26f)
        Glyph.SEAL -> { ring(); path(.32f to .52f, .46f to .66f, .7f to .38f) }
        Glyph.CROSS -> { path(.24f to .24f, .76f to .76f); path(.76f to .24f, .24f to .76f) }
        Glyph.WARNING -> { path(.5f to .1f, .92f to .86f, .08f to .86f, close = true); path(.5f to .38f, .5f to .6f); drawCircle(colour, w * .06f, Offset(w * .5f, w * .74f)) }
        Glyph.OFFLINE -> { cloud(); path(.16f to .9f, .88f to .14f) }
        Glyph.ONLINE -> cloud()
        Glyph.SYNC -> { path(.84f to .5f, .74f to .28f, .5f to .18f, .26f to .28f, .2f to .4f); path(.16f to .5f, .26f to .72f, .5f to .82f, .74f to .72f, .8f to .6f); path(.2f to .2f, .2f to .42f, .4f to .4f); path(.8f to .8f, .8f to .58f, .6f to .6f) }
        Glyph.UNSENT -> { path(.5f to .84f, .5f to .2f); path(.26f to .44f, .5f to .18f, .74f to .44f) }
        Glyph.VIDEO -> { drawRect(colour, Offset(w * .1f, w * .28f), Size(w * .52f, w * .44f), style = stroke); path(.62f to .46f, .9f to .3f, .9f to .7f, .62f to .54f) }
        Glyph.LOCK -> { drawRect(colour, Offset(w * .2f, w * .46f), Size(w * .6f, w * .42f), style = stroke); path(.32f to .46f, .32f to .28f, .42f to .16f, .58f to .16f, .68f to .28f, .68f to .46f) }
    }
}
