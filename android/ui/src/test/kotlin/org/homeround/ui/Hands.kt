@file:OptIn(ExperimentalTestApi::class)

package org.homeround.ui

import androidx.compose.ui.semantics.SemanticsActions
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.SemanticsMatcher
import androidx.compose.ui.test.SemanticsNodeInteraction
import androidx.compose.ui.test.hasAnyAncestor
import androidx.compose.ui.test.hasClickAction
import androidx.compose.ui.test.hasContentDescription
import androidx.compose.ui.test.hasScrollAction
import androidx.compose.ui.test.hasSetTextAction
import androidx.compose.ui.test.hasText
import androidx.compose.ui.test.isEnabled
import androidx.compose.ui.test.isNotEnabled
import androidx.compose.ui.test.onRoot
import androidx.compose.ui.test.performScrollTo
import androidx.compose.ui.test.performSemanticsAction
import androidx.compose.ui.test.printToString
import androidx.compose.ui.text.AnnotatedString
import kotlin.test.fail

private const val WAIT_MS = 50_000L

/** What is off keeps its action, and a field takes a press as its focus: neither does what it says. */
private val pressable = hasClickAction() and isEnabled() and !hasSetTextAction()

/** The core answers in real time, so it is real time that is waited for. */
internal fun ComposeUiTest.until(what: String, done: () -> Boolean) {
    val begun = System.nanoTime()
    while (!done()) {
        if (System.nanoTime() - begun > WAIT_MS * 1_000_000) fail("not seen: $what\n${onRoot().printToString()}")
        Thread.sleep(20)
        mainClock.advanceTimeByFrame()
    }
}

private fun ComposeUiTest.count(which: SemanticsMatcher): Int = onAllNodes(which).fetchSemanticsNodes().size

internal fun ComposeUiTest.seen(text: String) = until(text) { count(hasText(text, substring = true)) > 0 }

internal fun ComposeUiTest.gone(text: String) = until("no $text") { count(hasText(text, substring = true)) == 0 }

/** Presses the first that says this, or the one so many places after it. */
internal fun ComposeUiTest.press(text: String, after: Int = 0) = press(text, hasText(text)) { after }

/** Presses the last that says this. */
internal fun ComposeUiTest.pressLast(text: String) = press(text, hasText(text)) { it - 1 }

/** Presses the first that has this in what it says. */
internal fun ComposeUiTest.pressWith(text: String) = press(text, hasText(text, substring = true)) { 0 }

/** Presses what a screen reader calls this. */
internal fun ComposeUiTest.pressNamed(name: String) = press(name, hasContentDescription(name)) { 0 }

/** Writes into the field that a screen reader calls this. */
internal fun ComposeUiTest.enter(name: String, text: String) = enter(name, hasContentDescription(name), text)

/** Writes into the field that shows this as its label. */
internal fun ComposeUiTest.enterLabelled(label: String, text: String) = enter(label, hasText(label, substring = true), text)

/** Writes into the first field of the screen. */
internal fun ComposeUiTest.enterFirst(text: String) = enter("a field", hasSetTextAction(), text)

/** The button that says this can be pressed, or can not. */
internal fun ComposeUiTest.offered(text: String, yes: Boolean = true) {
    val wanted = if (yes) isEnabled() else isNotEnabled()
    until(if (yes) "$text, offered" else "$text, not offered") { count(hasText(text) and wanted) > 0 }
}

/**
 * Presses as a screen reader does: a finger would come down where it was, and what the core tells meanwhile moves it.
 * What can't be pressed yet is waited for, as a person does.
 */
private fun ComposeUiTest.press(what: String, which: SemanticsMatcher, at: (Int) -> Int) =
    with("$what, to be pressed", which and pressable, at) { it.performSemanticsAction(SemanticsActions.OnClick) }

/** Without the focus: a caret that blinks is never idle. */
private fun ComposeUiTest.enter(what: String, which: SemanticsMatcher, text: String) =
    with("$what, to be written into", which and hasSetTextAction(), { 0 }) {
        it.performSemanticsAction(SemanticsActions.SetText) { set -> set(AnnotatedString(text)) }
    }

/** Brings it into sight and does this with it, once it is there; what went away in between is waited for again. */
private fun ComposeUiTest.with(what: String, which: SemanticsMatcher, at: (Int) -> Int, work: (SemanticsNodeInteraction) -> Unit) =
    until(what) {
        val node = onAllNodes(which)[at(count(which)).coerceAtLeast(0)]
        try {
            val scrolls = count(which and hasAnyAncestor(hasScrollAction())) > 0
            work(if (scrolls) node.performScrollTo() else node)
            true
        } catch (_: AssertionError) {
            false
        }
    }
