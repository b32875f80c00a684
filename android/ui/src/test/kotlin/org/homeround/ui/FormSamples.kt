package org.homeround.ui

import org.homeround.core.FormEntry
import org.homeround.core.FormItemType
import org.homeround.core.FormValue
import org.homeround.core.SyncState
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.FormRowItem
import org.homeround.kit.screens.FormState
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.chip

internal val noForm = FormActions({}, { _, _ -> }, { _, _ -> }, { _, _ -> }, { _, _ -> }, {}, {}, {}, {}, {}, {}, {}, {})

/** A form with a question of each kind that has a field of its own; the date is answered. */
internal object FormSamples {
    private fun item(
        linkId: String, kind: FormItemType, title: String, typed: String = "", answers: List<FormEntry> = emptyList(), hint: String = "",
    ) = FormRowItem(
        key = linkId, linkId = linkId, depth = 0, kind = kind, title = title, nth = null, required = true, several = false,
        answerable = true, canAdd = false, open = false, hint = hint, options = emptyList(), answers = answers, typed = typed,
        unsaved = false, problems = emptyList(), conflict = false,
    )

    private val changed = FormEntry("changed", FormValue.Date("2026-03-02"), "2026-03-02", null, false)

    val catheter = FormState(
        loaded = true, title = "Catheter", network = chip(SyncState.Idle(synced = true)),
        chip = Chip(Words("form_progress", 1, 4), Tone.ACTIVE, Glyph.CLOCK),
        items = listOf(
            item("clear", FormItemType.BOOLEAN, "Is the urine clear?"),
            item("changed", FormItemType.DATE, "Last changed on", "2026-03-02", listOf(changed)),
            item("due", FormItemType.DATE, "To be changed on"),
            item("flushed", FormItemType.DATE_TIME, "Last flushed at"),
        ),
    )
}
