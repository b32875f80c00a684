package org.homeround.ui

import androidx.compose.runtime.Composable
import org.homeround.core.ChartMedication
import org.homeround.core.Coding
import org.homeround.core.Medication
import org.homeround.core.SessionState
import org.homeround.core.SyncState
import org.homeround.kit.screens.Action
import org.homeround.kit.screens.ChartRow
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.Choice
import org.homeround.kit.screens.ConflictRow
import org.homeround.kit.screens.DayRow
import org.homeround.kit.screens.DayState
import org.homeround.kit.screens.FindingRow
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.LockState
import org.homeround.kit.screens.MedicationRow
import org.homeround.kit.screens.PatientState
import org.homeround.kit.screens.Problem
import org.homeround.kit.screens.QuarantineRow
import org.homeround.kit.screens.SyncScreenState
import org.homeround.kit.screens.TaskRow
import org.homeround.kit.screens.TimelineRow
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.UnsentRow
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.VitalField
import org.homeround.kit.screens.VitalsForm
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.chip
import org.junit.jupiter.api.Test

/** Every screen as it is drawn, against the committed pictures. The people are made up. */
class PicturesTest {
    private val offline = chip(SyncState.Waiting(null, "offline"))
    private val online = chip(SyncState.Idle(true))

    private val day = DayState(
        title = "Friday 27 November", loaded = true, unsent = 3, network = offline,
        rows = listOf(
            DayRow(
                "1", "9:00 AM – 10:00 AM", "Rosa Example", "12 Elm Street, Boston, MA", "Skilled nursing",
                status("status_in_progress", Tone.ACTIVE, Glyph.HOME),
                listOf(
                    Chip(Words.counted("visit_conflicts", 1), Tone.ALARM, Glyph.WARNING),
                    Chip(Words.counted("visit_unsent", 3), Tone.QUIET, Glyph.UNSENT),
                ),
                listOf("Theo Lindqvist"),
            ),
            DayRow(
                "2", "11:30 AM – 12:15 PM", "Amos Sample", "4 Harbor Road, Quincy, MA", "Wound care",
                status("status_scheduled", Tone.QUIET, Glyph.CLOCK), listOf(Chip(Words("visit_urgent"), Tone.WARNING, Glyph.WARNING)),
                emptyList(),
            ),
            DayRow(
                "3", "2:00 PM – 2:45 PM", "Ines Placeholder", "77 Orchard Lane, Milton, MA", "Medication set-up",
                status("status_signed", Tone.GOOD, Glyph.SEAL), emptyList(), emptyList(),
            ),
        ),
    )

    private val visit = VisitState(
        loaded = true, patientId = "p", patient = "Rosa Example", address = "12 Elm Street, Boston, MA",
        window = "9:00 AM – 10:00 AM", service = "Skilled nursing", network = offline,
        status = status("status_in_progress", Tone.ACTIVE, Glyph.HOME),
        actions = listOf(Action.COMPLETE, Action.BREAK),
        alerts = listOf("Dog in the house: ring first"), allergies = listOf("Penicillin"),
        tasks = listOf(
            TaskRow("t1", "Change the dressing", true, false, Words("task_open"), null),
            TaskRow("t2", "Weigh", false, true, Words("result_pass"), null),
        ),
        findings = listOf(
            FindingRow(listOf("@vital_pulse_bpm 78 /min", "@vital_pressure 142/88 mmHg"), "Nina Alvarez", "9:12 AM", null),
            FindingRow(listOf("@vital_temperature_c 39.8 °C"), "Nina Alvarez", "9:10 AM", "wrong patient"),
        ),
        medications = listOf(
            MedicationRow(
                ChartMedication("m", Medication(Coding("", "", "Metformin 500 mg"), "active", "500 mg", "twice a day", false), null),
                "Metformin 500 mg", "500 mg, twice a day", Words("medication_given"),
            ),
        ),
        note = "Wound clean and dry. Walked twenty metres with the frame.",
        vitals = VitalsForm(mapOf(VitalField.PULSE to "900")),
        problem = Problem(Words("error_refused", "20 – 300/min"), "pulse_bpm"),
    )

    private val conflicted = visit.copy(
        problem = null, alerts = emptyList(), vitals = VitalsForm(), network = online,
        conflicts = listOf(
            ConflictRow(
                "tasks/t1/result", Words("field_tasks_result"), "Change the dressing",
                listOf(
                    Choice("\"pass\"", "@result_pass", "Nina Alvarez", true, "Nov 27, 2026, 9:20 AM", false),
                    Choice("\"fail\"", "@result_fail", "Theo Lindqvist", false, "Nov 27, 2026, 9:31 AM", true),
                ),
            ),
        ),
    )

    private val patient = PatientState(
        name = "Rosa Example", born = "1944-02-29", phones = listOf("555-0101"), address = "12 Elm Street, Boston, MA", loaded = true,
        allergies = listOf(ChartRow("Penicillin", listOf(Words("allergy_active"), Words("severity_severe"), "Hives"))),
        medications = listOf(ChartRow("Metformin 500 mg", listOf("500 mg", "twice a day"))),
        conditions = listOf(ChartRow("Hypertension", listOf(Words("condition_active"), "2010"))),
        contacts = listOf(ChartRow("Dora Example", listOf("daughter", "555-0103"))),
        timeline = listOf(
            TimelineRow("1", "Feb 1, 2026", "Blood pressure panel", "Systolic 128 mm[Hg]", "Observation"),
            TimelineRow("2", "Jan 12, 2026", "Home visit", "", "Encounter"),
        ),
        more = true, network = online,
    )

    private val sync = SyncScreenState(
        network = offline, headline = Words.counted("sync_unsent", 3), photos = 1, conflicts = 1,
        rows = listOf(UnsentRow(Words("document_visit"), "Rosa Example", Words.counted("sync_edits", 3), "Nov 27, 2026, 9:10 AM")),
        quarantine = listOf(
            QuarantineRow(
                1, Words("quarantine_not_permitted"), Words("field_outcome_outcome"), listOf(Words("value_outcome") to "Dressing changed"),
                "Nov 26, 2026, 4:02 PM", true,
            ),
        ),
    )

    private fun status(key: String, tone: Tone, glyph: Glyph) = Chip(Words(key), tone, glyph)

    @Composable
    private fun Day() = DayScreen(day, noDay)

    @Composable
    private fun Visit(state: VisitState) = VisitScreen(state, doNothing)

    @Test
    fun `the day looks as it did`() = Stage.looksAs("day") { Day() }

    @Test
    fun `the day in the dark looks as it did`() = Stage.looksAs("day-dark", Look(dark = true)) { Day() }

    @Test
    fun `the day in Spanish with letters twice as large is whole`() =
        Stage.looksAs("day-large-es", Look("es", 2f, height = 1500)) { Day() }

    @Test
    fun `the visit looks as it did`() = Stage.looksAs("visit", Look(height = 2180)) { Visit(visit) }

    @Test
    fun `a disagreement looks as it did`() = Stage.looksAs("conflict", Look(height = 1000)) { Visit(conflicted) }

    @Test
    fun `a disagreement in the dark looks as it did`() =
        Stage.looksAs("conflict-dark", Look(dark = true, height = 1000)) { Visit(conflicted) }

    @Test
    fun `the patient looks as it did`() =
        Stage.looksAs("patient", Look(height = 1150)) { PatientScreen(patient, noPatient) }

    @Test
    fun `sync health looks as it did`() =
        Stage.looksAs("sync", Look(height = 860)) { SyncScreen(sync, {}, {}, { _, _ -> }, {}) }

    @Test
    fun `the lock screen looks as it did`() =
        Stage.looksAs("lock") { LockScreen(LockState(SessionState.LOCKED, "402"), {}, {}, {}, {}) }

    @Test
    fun `choosing a PIN in Spanish looks as it did`() = Stage.looksAs("lock-new-es", Look("es")) {
        val state = LockState(SessionState.NEW, "123456", problem = Problem(Words("error_pin"), "pin"))
        LockScreen(state, {}, {}, {}, {})
    }
}
