package org.homeround.ui

import androidx.compose.ui.geometry.Rect
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.luminance
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.semantics.SemanticsNode
import androidx.compose.ui.semantics.SemanticsProperties
import androidx.compose.ui.semantics.getOrNull
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.runComposeUiTest
import androidx.compose.ui.text.TextLayoutResult
import androidx.compose.ui.unit.Density
import androidx.compose.foundation.layout.requiredSize
import androidx.compose.foundation.layout.Box
import androidx.compose.material3.MaterialTheme
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.homeround.kit.screens.Tone
import org.junit.jupiter.api.Test

/** What a person with a screen reader, weak eyes or cold fingers needs of every screen. */
@OptIn(ExperimentalTestApi::class)
class AccessTest {
    private fun onEach(looks: List<Look>, check: ComposeUiTest.(at: String) -> Unit) {
        for (look in looks) {
            for ((name, content) in shots(look.language)) {
                runComposeUiTest {
                    setContent {
                        CompositionLocalProvider(LocalDensity provides Density(1f, look.fontScale)) {
                            Box(Modifier.requiredSize(WIDTH.dp, HEIGHT.dp)) { Stage.Dressed(look, content) }
                        }
                    }
                    check("$name $look")
                }
            }
        }
    }

    @Test
    fun `whatever is touched is at least 48 dp high and wide`() = onEach(listOf(Look())) { at ->
        for (node in onAllNodes(hasClickAction()).fetchSemanticsNodes()) {
            // A text field is as high as its letters; what is touched around it is the field.
            if (node.config.getOrNull(SemanticsActions.SetText) != null) continue
            val size: Rect = node.touchBoundsInRoot
            assertTrue(size.height >= 47.5f && size.width >= 47.5f, "$at: ${node.told()} is ${size.width} x ${size.height}")
        }
    }

    @Test
    fun `whatever is touched says what it is`() = onEach(listOf(Look())) { at ->
        for (node in onAllNodes(hasClickAction()).fetchSemanticsNodes()) {
            assertTrue(node.told().any { it.isNotBlank() }, "$at: a nameless button at ${node.boundsInRoot}")
        }
    }

    @Test
    fun `every screen has a heading`() = onEach(listOf(Look())) { at ->
        val headings = onAllNodes(SemanticsMatcher.keyIsDefined(SemanticsProperties.Heading)).fetchSemanticsNodes()
        assertTrue(headings.isNotEmpty(), at)
    }

    @Test
    fun `no text is cut off in either language with letters twice as large`() =
        onEach(listOf(Look("en", 2f), Look("es", 2f))) { at ->
            val texts = onAllNodes(SemanticsMatcher.keyIsDefined(SemanticsProperties.Text), useUnmergedTree = true)
            for (node in texts.fetchSemanticsNodes()) {
                val results = mutableListOf<TextLayoutResult>()
                node.config.getOrNull(SemanticsActions.GetTextLayoutResult)?.action?.invoke(results)
                results.forEach { assertTrue(whole(it, node), "$at: ${node.told()} is cut off") }
            }
        }

    @Test
    fun `what is written stands out from what is behind it`() {
        for (dark in listOf(false, true)) {
            runComposeUiTest {
                val pairs = mutableListOf<Pair<Color, Color>>()
                setContent {
                    HomeroundTheme(dark) {
                        val scheme = MaterialTheme.colorScheme
                        Tone.entries.forEach { pairs += colours(it) }
                        for (behind in listOf(scheme.surface, scheme.background)) {
                            for (written in listOf(scheme.onSurface, scheme.onSurfaceVariant, scheme.primary, scheme.error)) {
                                pairs += behind to written
                            }
                        }
                        pairs += scheme.primary to scheme.onPrimary
                    }
                }
                waitForIdle()
                assertEquals(true, pairs.size >= 14)
                pairs.forEach { (behind, written) ->
                    val contrast = contrast(behind, written)
                    assertTrue(contrast >= 4.5f, "dark $dark: $written on $behind has $contrast")
                }
            }
        }
    }

    /** Whether every line has room in what the text was given. */
    private fun whole(text: TextLayoutResult, node: SemanticsNode): Boolean =
        text.multiParagraph.height <= node.size.height + 1 && !text.multiParagraph.didExceedMaxLines &&
            (0 until text.lineCount).all { text.getLineRight(it) - text.getLineLeft(it) <= node.size.width + 1 }

    private fun contrast(one: Color, other: Color): Float {
        val (light, dark) = listOf(one.luminance(), other.luminance()).sortedDescending()
        return (light + 0.05f) / (dark + 0.05f)
    }

    /** What a screen reader says of it; what is below it and has not become part of it is said by itself. */
    private fun SemanticsNode.told(): List<String> =
        config.getOrNull(SemanticsProperties.ContentDescription).orEmpty() +
            config.getOrNull(SemanticsProperties.Text).orEmpty().map { it.text } +
            listOfNotNull(config.getOrNull(SemanticsProperties.EditableText)?.text)

    private companion object {
        const val WIDTH = 400
        const val HEIGHT = 6000
    }
}
