package org.homeround.ui

import java.time.LocalDate
import java.time.ZoneId
import java.util.Locale
import org.homeround.core.PlanTemplate
import org.homeround.core.SyncState
import org.homeround.kit.screens.ActivityRow
import org.homeround.kit.screens.CarePlansState
import org.homeround.kit.screens.ChartRow
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.DueRow
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.GoalRow
import org.homeround.kit.screens.PlanCard
import org.homeround.kit.screens.TaskRow
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.achievementWords
import org.homeround.kit.screens.chip

/** The care plans of an invented person, and what they ask for at a visit. */
internal class PlanSamples(language: String) {
    private val formats = Formats(Locale.forLanguageTag(language))
    private val zone = "America/New_York"

    private fun at(day: Int, hour: Int): String =
        formats.moment(LocalDate.of(2026, 3, day).atTime(hour, 0).atZone(ZoneId.of(zone)).toInstant().toEpochMilli(), zone)

    private fun due(activity: String, title: String, day: Int, hour: Int, state: Chip) =
        DueRow("p", activity, "2026-03-0${day}T0$hour:00", title, at(day, hour), state)

    val plans = CarePlansState(
        loaded = true, network = chip(SyncState.Idle(synced = true)),
        plans = listOf(
            PlanCard(
                "p", "Heart failure: watching oneself", Words("plan_status_active"), true, Words("plan_kept", "86 %", "14"),
                Words("plan_counts", "11", "1", "1", "1"), Words("role_nurse"),
                listOf(
                    due("a1", "Weigh in the morning", 4, 8, Chip(Words("occurrence_due"), Tone.ACTIVE, Glyph.CLOCK)),
                    due("a2", "Check the logbook with the patient", 2, 9, Chip(Words("occurrence_overdue"), Tone.WARNING, Glyph.WARNING)),
                ),
                listOf(
                    ActivityRow(
                        "a1", "Weigh in the morning", "After the toilet, before breakfast, on the same scale.", "2026-02-18T08:00", "FREQ=DAILY",
                        Words("rule_day"), Words("plan_next", at(5, 8)), Words("plan_kept", "92 %", "13"), Words("plan_counts", "11", "1", "1", "0"),
                        false, "Theo Lindqvist", null, Words("task_started"),
                        listOf(ChartRow("${at(3, 9)} · Nina Alvarez", listOf(Words("task_started"), "Reads the scale by himself"))),
                    ),
                    ActivityRow(
                        "a3", "Walk to the mailbox", "", "2026-02-18T15:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR", null, null, null,
                        false, null, Words("activity_on_hold"), Words("task_open"),
                    ),
                ),
                listOf(
                    GoalRow(
                        "g", "Weighs every day and knows when to call", achievementWords("improving"), "2026-03-18", false,
                        listOf(ChartRow("${at(3, 9)} · Nina Alvarez", listOf(achievementWords("improving"), "60 %"))),
                    ),
                ),
                emptyList(),
            ),
        ),
    )

    val choosing = CarePlansState(
        loaded = true, network = chip(SyncState.Waiting(30_000UL, "offline")), choosing = true,
        templates = listOf(
            PlanTemplate(
                "https://example.org/PlanDefinition/falls|1", "Preventing falls at home", "For people who fell, or fear that they will.",
                "Own wording of Homeround, Apache-2.0, after guidance of the United States government, which is in the public domain.", true,
            ),
        ),
    )

    val planned = listOf(
        TaskRow("k1", "Weigh in the morning", false, false, Words("planned_open"), null, "${at(4, 8)} · On the same scale.", Words("role_aide")),
        TaskRow("k2", "Look for swelling and breathlessness", false, true, Words("planned_done"), "none", at(4, 8)),
    )
}
