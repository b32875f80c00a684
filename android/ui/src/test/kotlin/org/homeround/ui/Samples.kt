package org.homeround.ui

import java.time.LocalDate
import java.util.Locale
import org.homeround.core.By
import org.homeround.core.ChangeKind
import org.homeround.core.ChartMedication
import org.homeround.core.Coding
import org.homeround.core.LobbyStep
import org.homeround.core.Medication
import org.homeround.core.NoticeChannel
import org.homeround.core.NoticeDraft
import org.homeround.core.NoticeKind
import org.homeround.core.ReportedBy
import org.homeround.core.SessionState
import org.homeround.core.SyncState
import org.homeround.core.VisitStatus
import org.homeround.kit.screens.AccountState
import org.homeround.kit.screens.Action
import org.homeround.kit.screens.CallState
import org.homeround.kit.screens.CardState
import org.homeround.kit.screens.ChangeLine
import org.homeround.kit.screens.ChangeRow
import org.homeround.kit.screens.ChangesState
import org.homeround.kit.screens.ChartRow
import org.homeround.kit.screens.Chip
import org.homeround.kit.screens.Choice
import org.homeround.kit.screens.ConflictRow
import org.homeround.kit.screens.DayRow
import org.homeround.kit.screens.DayState
import org.homeround.kit.screens.DoseForm
import org.homeround.kit.screens.FigureRow
import org.homeround.kit.screens.FindingRow
import org.homeround.kit.screens.FormRow
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.HandoverRow
import org.homeround.kit.screens.InboxState
import org.homeround.kit.screens.LateRow
import org.homeround.kit.screens.LobbyRow
import org.homeround.kit.screens.LockState
import org.homeround.kit.screens.MedicationRow
import org.homeround.kit.screens.MessageRow
import org.homeround.kit.screens.MessagesState
import org.homeround.kit.screens.NewVisitForm
import org.homeround.kit.screens.NoticeLook
import org.homeround.kit.screens.NoticeRow
import org.homeround.kit.screens.NoticesState
import org.homeround.kit.screens.Opened
import org.homeround.kit.screens.PatientState
import org.homeround.kit.screens.PhotoRow
import org.homeround.kit.screens.PresenceRow
import org.homeround.kit.screens.Problem
import org.homeround.kit.screens.QuarantineRow
import org.homeround.kit.screens.ScoreCard
import org.homeround.kit.screens.ScorePart
import org.homeround.kit.screens.SearchRow
import org.homeround.kit.screens.SearchState
import org.homeround.kit.screens.SignOffForm
import org.homeround.kit.screens.SignOffRow
import org.homeround.kit.screens.SignerKind
import org.homeround.kit.screens.StampRow
import org.homeround.kit.screens.SyncScreenState
import org.homeround.kit.screens.TaskRow
import org.homeround.kit.screens.ThreadRow
import org.homeround.kit.screens.TimelineRow
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.TwinRow
import org.homeround.kit.screens.UnsentRow
import org.homeround.kit.screens.UnusualRow
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.VitalField
import org.homeround.kit.screens.VitalsCheck
import org.homeround.kit.screens.VitalsForm
import org.homeround.kit.screens.WayState
import org.homeround.kit.screens.WishesRow
import org.homeround.kit.screens.Words
import org.homeround.kit.screens.chip
import org.homeround.kit.screens.sitesOf
import org.homeround.kit.screens.words

/** Screens' states of invented people at a fixed time: pictures of them are the same every day. */
internal class Samples(language: String) {
    private val formats = Formats(Locale.forLanguageTag(language))
    private val zone = "America/New_York"
    private val synced = chip(SyncState.Idle(synced = true))
    private val offline = chip(SyncState.Waiting(30_000UL, "offline"))

    private fun window(hour: Int) = formats.window(at(hour, 0), at(hour + 1, 0), zone)

    private fun at(hour: Int, minute: Int): Long =
        LocalDate.of(2026, 3, 4).atTime(hour, minute).atZone(java.time.ZoneId.of(zone)).toInstant().toEpochMilli()

    private fun row(id: String, hour: Int, patient: String, address: String, status: VisitStatus, vararg notes: Chip) = DayRow(
        id, window(hour), patient, address, "Skilled nursing", chip(status), notes.toList(), emptyList(),
    )

    val day = DayState(
        date = LocalDate.of(2026, 3, 4), title = formats.day(LocalDate.of(2026, 3, 4)), loaded = true, network = synced,
        rows = listOf(
            row("a", 8, "Amara Okafor", "12 Elm Street, Salem", VisitStatus.SIGNED),
            row(
                "b", 9, "Walter Lindgren", "48 Harbor Road, Salem", VisitStatus.IN_PROGRESS,
                Chip(Words.counted("visit_conflicts", 1), Tone.ALARM, Glyph.WARNING),
                Chip(Words.counted("visit_unsent", 3), Tone.QUIET, Glyph.UNSENT),
            ).copy(colleagues = listOf("Theo Lindqvist")),
            row("c", 11, "Rosa Delgado", "7 Mill Lane, Beverly", VisitStatus.TRAVELING, Chip(Words("visit_urgent"), Tone.WARNING, Glyph.WARNING)).copy(
                travel = Words("day_travel", 12), arrival = Words("day_arrival", formats.time(at(10, 49), zone), 3),
            ),
            row("d", 14, "Grace Kim", "230 Lowell Avenue, Apt 4, Peabody", VisitStatus.SCHEDULED).copy(
                travel = Words("day_travel", 17), arrival = Words("day_arrival", formats.time(at(13, 52), zone), 9),
            ),
        ),
        order = Words("day_road", 29),
    )

    val daySuggested = day.copy(
        suggest = true, order = Words("day_suggested", 34, 51),
        rows = listOf(day.rows[0], day.rows[1], day.rows[3], day.rows[2]).map { row ->
            if (row.id != "c") row else row.copy(
                status = chip(VisitStatus.SCHEDULED), travel = Words("day_travel_guessed", 15),
                arrival = Words("day_arrival", formats.time(at(15, 40), zone), 14),
                notes = listOf(Chip(Words("day_late_crowded", 40), Tone.WARNING, Glyph.CLOCK)) + row.notes,
            )
        },
    )

    val dayOffline = day.copy(network = offline)

    private fun medication(id: String, name: String, dose: String, often: String, done: Words?) = MedicationRow(
        ChartMedication(id, Medication(Coding("rxnorm", id, name), "active", dose, often, false), null), name, "$dose, $often", done,
    )

    val visit = VisitState(
        loaded = true, patientId = "p", patient = "Walter Lindgren", address = "48 Harbor Road, Salem", window = window(9),
        service = "Skilled nursing", status = chip(VisitStatus.IN_PROGRESS), actions = listOf(Action.COMPLETE, Action.BREAK),
        network = offline, unsent = 3,
        alerts = listOf("Dog in the house: call from the gate"), allergies = listOf("Penicillin", "Latex"),
        tasks = listOf(
            TaskRow("t1", "Change the dressing on the left heel", required = true, done = true, Words("result_pass"), null),
            TaskRow("t2", "Weigh", required = true, done = false, Words("task_open"), null),
        ),
        findings = listOf(
            FindingRow(
                listOf("@vital_pulse_bpm 78 /min", "@vital_pressure 142/88 mmHg", "@vital_temperature_c 36.8 °C"),
                "Nina Alvarez", formats.time(at(9, 12), zone), null,
                ScoreCard(
                    Words("news2_incomplete", 0), Tone.QUIET, null, Words("news2_scale_1"),
                    listOf("systolic_mmhg", "pulse_bpm", "temperature_c").map { ScorePart(Words("vital_$it"), 0) },
                    listOf("respirations_per_min", "spo2_percent", "on_oxygen", "consciousness").map { Words("vital_$it") },
                ),
            ),
        ),
        medications = listOf(
            medication("m1", "Metformin 500 mg", "1 tablet", "with breakfast", Words("medication_given")),
            medication("m2", "Lisinopril 10 mg", "1 tablet", "daily", null),
        ),
        photos = listOf(PhotoRow("f", "Left heel", null, "Nina Alvarez", Chip(Words("photo_pending"), Tone.QUIET, Glyph.UNSENT))),
        note = "Wound clean and dry. Walked twenty metres with the frame.",
    )

    /** A recording of a colleague's, whose bytes are at the office. */
    val recording = PhotoRow(
        "g", "Cough", null, "Theo Lindqvist", Chip(Words("photo_elsewhere"), Tone.QUIET, Glyph.ONLINE), image = false, audio = true,
    )

    /** Two recordings: one is at the office, the other plays. */
    val listening = visit.copy(
        photos = listOf(recording, recording.copy(id = "h", caption = "Wheeze", state = visit.photos[0].state)),
    ).let { it.copy(opened = Opened(it.photos[1], byteArrayOf())) }

    val refused = visit.copy(
        vitals = VitalsForm(mapOf(VitalField.PULSE to "780", VitalField.SYSTOLIC to "142", VitalField.DIASTOLIC to "88")),
        problem = Problem(Words("error_refused", "20 – 300/min"), VitalField.PULSE.field),
    )

    val conflicted = visit.copy(
        conflicts = listOf(
            ConflictRow(
                "f", Words("field_tasks_result"), "Change the dressing on the left heel",
                listOf(
                    Choice("1", "@result_pass", "Nina Alvarez", mine = true, formats.moment(at(9, 20), zone), shown = true),
                    Choice("2", "@result_fail", "Theo Lindqvist", mine = false, formats.moment(at(9, 31), zone), shown = false),
                ),
            ),
        ),
    )

    /** Two people in the home; the place of one's own check-in is not known yet. */
    val attended = visit.copy(
        presence = listOf(
            PresenceRow(
                "Nina Alvarez",
                listOf(
                    StampRow(
                        "s1", Words("presence_came", formats.time(at(9, 2), zone)),
                        Chip(Words("presence_reason_needed"), Tone.WARNING, Glyph.WARNING), listOf(Words("presence_cause_no_fix")), null, null,
                        asks = true,
                    ),
                ),
                open = true, overlaps = false,
            ),
            PresenceRow(
                "Theo Lindqvist",
                listOf(
                    StampRow(
                        "s2", Words("presence_came", formats.time(at(9, 10), zone)), Chip(Words("presence_verified"), Tone.GOOD, Glyph.CHECK),
                        emptyList(), null, null, asks = false,
                    ),
                    StampRow(
                        "s3", Words("presence_left", formats.time(at(9, 40), zone)), Chip(Words("presence_explained"), Tone.QUIET, Glyph.HOME),
                        listOf(Words("presence_cause_out_of_range")), Words("presence_reason_forgot_end"), "Checked out in the car", asks = false,
                    ),
                ),
                open = false, overlaps = true,
            ),
        ),
        actions = listOf(Action.COMPLETE, Action.BREAK, Action.LEAVE),
    )

    /** A fever in Fahrenheit, measured in the ear, that waits for a second look; another dose is typed. */
    val measured = visit.copy(
        vitals = VitalsForm(
            mapOf(VitalField.TEMPERATURE to "103.6", VitalField.SYSTOLIC to "142", VitalField.DIASTOLIC to "88"),
            others = setOf(VitalField.TEMPERATURE), sites = mapOf(VitalField.TEMPERATURE to sitesOf(VitalField.TEMPERATURE)[2]),
        ),
        checking = VitalsCheck(listOf(UnusualRow(Words("vital_temperature_c"), Words("usual_between", "95.2 °F", "102.2 °F"))), null),
        dosing = DoseForm(visit.medications[1], "2", "{tablet}"),
    )

    /** By video and then by phone, with figures that the patient told. */
    val virtual = visit.copy(
        call = CallState(
            consent = Chip(Words("consent_given"), Tone.GOOD, Glyph.CHECK),
            consentTold = Words("consent_told_spoken_by", "Ingrid Lindgren", "Nina Alvarez", formats.moment(at(9, 1), zone)),
            state = Chip(Words("lobby_by_phone"), Tone.WARNING, Glyph.VIDEO), since = Words("lobby_since", formats.time(at(9, 12), zone)),
            canJoin = true, phone = "+1 978 555 0199", steps = LobbyStep.entries,
            rows = listOf(
                LobbyRow(Words("lobby_told", "Nina Alvarez", formats.time(at(9, 0), zone)), Words("lobby_waiting"), null, null),
                LobbyRow(Words("lobby_told", "Nina Alvarez", formats.time(at(9, 3), zone)), Words("lobby_joined"), null, null),
                LobbyRow(
                    Words("lobby_told", "Nina Alvarez", formats.time(at(9, 12), zone)), Words("lobby_by_phone"),
                    Words("fallback_reason_no_sound"), "+1 978 555 0199",
                ),
            ),
        ),
        vitals = VitalsForm(reportedBy = ReportedBy.PATIENT, device = "Own cuff"),
        findings = visit.findings.take(1).map {
            it.copy(reported = Words("reported_patient"), score = it.score?.copy(reported = Words("news2_reported")))
        },
    )

    /** Two signatures, the first before the note was changed, and a reason why not that was taken back. */
    val signOffs = visit.copy(
        maySignOff = true,
        signOffs = listOf(
            SignOffRow(
                "o1", Words("signer_patient"), null, null, Words("sign_off_drawn"), Ink.drawing, null,
                Words("sign_off_taken", "Nina Alvarez", formats.moment(at(9, 44), zone)), listOf(Words("field_note_note")), null,
            ),
            SignOffRow(
                "o2", Words("signer_representative"), "Ingrid Lindgren", Words("relation_child"), Words("sign_off_typed_as", "I. Lindgren"),
                null, null, Words("sign_off_taken", "Nina Alvarez", formats.moment(at(9, 50), zone)), emptyList(), null,
            ),
            SignOffRow(
                "o3", Words("signer_patient"), null, null, Words("not_signed_infection_control"), null, "Isolated since Monday",
                Words("sign_off_taken", "Theo Lindqvist", formats.moment(at(9, 52), zone)), emptyList(),
                Words("sign_off_taken_back", "Theo Lindqvist", formats.moment(at(9, 58), zone), "Another patient"),
            ),
        ),
    )

    /** Somebody is about to sign for the patient. */
    val signing = visit.copy(
        maySignOff = true, signing = SignOffForm(SignerKind.REPRESENTATIVE, "Ingrid Lindgren", org.homeround.core.Relation.CHILD),
    )

    /** Made without a booking, perhaps there twice, and on its way to a colleague. */
    val twice = visit.copy(
        way = WayState(
            unplanned = Words("way_unplanned", "Nina Alvarez", formats.moment(at(8, 40), zone)),
            unplannedWhy = Words("unplanned_reason_requested"), unplannedComment = "The daughter called",
            twins = listOf(
                TwinRow("v", "${window(9)} · Wound care", "Theo Lindqvist", chip(VisitStatus.SCHEDULED), Words("duplicate_same_time")),
            ),
            handover = HandoverRow(
                Words("handover_told", "Nina Alvarez", "Theo Lindqvist", formats.moment(at(8, 50), zone)),
                Words("handover_reason_illness"), null, Chip(Words.counted("handover_waiting", 3), Tone.WARNING, Glyph.UNSENT),
            ),
            colleagues = listOf(By("p", "Theo Lindqvist", false)),
        ),
    )

    val dayNew = day.copy(new = NewVisitForm("lind", patient = "p" to "Walter Lindgren", service = "Wound care"))

    val signed = visit.copy(
        status = chip(VisitStatus.SIGNED), actions = listOf(Action.AMEND), editable = false, network = synced,
        signed = Words("visit_signed_by", "Nina Alvarez", formats.moment(at(10, 2), zone)), outcome = "Dressing changed, next visit on Friday",
    )

    val late = signed.copy(
        late = listOf(
            LateRow(
                "Theo Lindqvist", formats.moment(at(10, 40), zone), listOf(Words("field_note_note"), Words("section_observations")),
                Words("late_good_faith"),
            ),
        ),
        opened = Opened(visit.photos[0], null),
        forms = listOf(FormRow("Fall risk", listOf("Falls in the last year" to "2"))),
    )

    val away = PatientState(away = true, network = synced)

    val account = AccountState("Nina Alvarez", Words("role_nurse"), unsent = 3, network = offline, done = Words("account_pin_changed"), numbers = listOf(
        Words("numbers_done", 21, 23), Words.counted("numbers_missed", 1), Words("numbers_on_time", 18, 21), Words("numbers_travel", 312),
        Words("numbers_in_home", 905), Words("numbers_documentation", 6), Words.counted("numbers_unsigned", 2), Words("numbers_plans", 31, 34),
    ))

    val unlock = LockState(SessionState.LOCKED, pin = "4029")
    val wrongPin = LockState(SessionState.LOCKED, problem = Problem(Words.counted("error_wrong_pin", 4), "pin"))
    val first = LockState(SessionState.NEW)
    val enrol = LockState(SessionState.NOT_ENROLLED)
    val lentBack = LockState(SessionState.LENT, pin = "40")

    val patient = PatientState(
        name = "Walter Lindgren", born = formats.date(-700_000_000_000, "UTC"), phones = listOf("+1 978 555 0142"),
        address = "48 Harbor Road, Salem", loaded = true, network = synced, more = true,
        alerts = listOf(ChartRow("Dog in the house: call from the gate", listOf(Words("severity_moderate")))),
        allergies = listOf(ChartRow("Penicillin", listOf(Words("allergy_active"), Words("severity_severe"), "hives"))),
        conditions = listOf(ChartRow("Type 2 diabetes mellitus", listOf(Words("condition_active"), "2011"))),
        medications = listOf(ChartRow("Metformin 500 mg", listOf("1 tablet", "with breakfast"))),
        contacts = listOf(ChartRow("Ingrid Lindgren", listOf("daughter", "+1 978 555 0199"))),
        access = listOf(ChartRow("Key box at the side door", listOf(Words("access_directions")))),
        timeline = listOf(
            TimelineRow("1", formats.date(at(9, 0), zone), "Blood pressure", "142/88 mmHg", "Observation"),
            TimelineRow("2", formats.date(at(9, 0) - 86_400_000L * 9, zone), "Hemoglobin A1c", "7.1 %", "Observation"),
        ),
    )

    private fun said(id: String, by: String, minute: Int, text: String, mine: Boolean = false) = MessageRow(
        id, by, formats.moment(at(9, minute), zone), text, mine, urgent = false, new = false, to = null, answers = null, takenBack = null, readBy = null,
    )

    val notices = NoticesState(
        patient = "José Saavedra",
        wishes = WishesRow(
            Words("notice_agreed_email"), "jose@example.org", Words("notice_language_es"), Words("notice_quiet", "21:00", "8:00"),
            Words("notice_by", "Nina Alvarez", formats.moment(at(9, 40), zone)),
        ),
        look = NoticeLook(
            NoticeDraft(
                NoticeKind.LATE, at(10, 5), at(10, 25), NoticeChannel.EMAIL, "jose@example.org", "es",
                "Su visita empieza más tarde",
                "Nina Alvarez va con retraso y espera llegar entre las 10:05 y las 10:25. Disculpe la espera.\n\nRecibe este aviso porque aceptó recibirlo. Para no recibir más, dígaselo a su equipo de atención.\n",
                null, null,
            ),
            null, null,
        ),
        rows = listOf(
            NoticeRow(
                Words("notice_kind_on_my_way"), formats.window(at(10, 5), at(10, 25), zone), Words("notice_by", "Nina Alvarez", formats.moment(at(9, 40), zone)),
                Chip(Words("notice_sent", formats.time(at(9, 41), zone)), Tone.GOOD, Glyph.CHECK), null,
            ),
            NoticeRow(
                Words("notice_kind_late"), formats.window(at(10, 5), at(10, 25), zone), Words("notice_by", "Theo Lindqvist", formats.moment(at(9, 40), zone)),
                Chip(Words("notice_not_sent"), Tone.ALARM, Glyph.WARNING), Words("notice_why_no_provider"),
            ),
        ),
        ahead = true,
        loaded = true,
    )

    val messages = MessagesState(
        name = "Walter Lindgren", loaded = true, network = offline, draft = "I bring it", people = listOf("t" to "Theo Lindqvist"), to = setOf("t"),
        rows = listOf(
            said("1", "Theo Lindqvist", 2, "His walker needs new tips. Who comes by the depot?").copy(new = true, urgent = true, to = Words("message_to", "Nina Alvarez")),
            said("2", "Nina Alvarez", 10, "I do, before noon.", mine = true)
                .copy(answers = "His walker needs new tips. Who comes by the depot?", readBy = Words("message_read_by", "Theo Lindqvist")),
            said("3", "Nina Alvarez", 12, "", mine = true).copy(takenBack = Words("message_taken_back", "another patient")),
        ),
    )

    private fun change(
        id: String, kind: ChangeKind, title: String, how: String, minute: Int, vararg lines: ChangeLine, late: Boolean = false,
    ): ChangeRow {
        val chip = when (how) {
            "added" -> Chip(Words("change_how_added"), Tone.ACTIVE, Glyph.CHECK)
            "changed" -> Chip(Words("change_how_changed"), Tone.WARNING, Glyph.SYNC)
            else -> Chip(Words("change_how_taken_back"), Tone.ALARM, Glyph.CROSS)
        }
        return ChangeRow(id, kind, title.ifEmpty { words(kind) }, chip, lines.toList(), null, "Theo Lindqvist", formats.moment(at(7, minute), zone), late)
    }

    private val changed = listOf(
        change("1", ChangeKind.ALLERGY, "Latex", "taken back", 5, ChangeLine(Words("changed_severity"), Words("severity_mild"), null))
            .copy(reason = Words("change_reason", "tested negative")),
        change("2", ChangeKind.MEDICATION, "Lisinopril 10 mg", "changed", 12, ChangeLine(Words("changed_dose"), "1 tablet", "2 tablets")),
        change(
            "3", ChangeKind.OBSERVATION, "", "added", 20, ChangeLine(Words("vital_pulse_bpm"), null, "104 /min"),
            ChangeLine(Words("vital_temperature_c"), null, "38.2 °C"), late = true,
        ),
    )

    val card = CardState(
        loaded = true, name = "Walter Lindgren", network = offline,
        about = listOf(Words.counted("card_years", 78), Words("sex_male"), "1947-10-26"),
        alerts = listOf(ChartRow("Dog in the house: call from the gate", listOf(Words("severity_moderate")))),
        allergies = listOf(ChartRow("Penicillin", listOf(Words("severity_severe"), "hives"))),
        conditions = listOf(ChartRow("Type 2 diabetes mellitus", listOf("2011")), ChartRow("Heart failure", emptyList())),
        medications = listOf(ChartRow("Metformin 500 mg", emptyList()), ChartRow("Lisinopril 10 mg", emptyList())),
        reviewed = Words("card_reviewed", formats.date(at(9, 0), zone), "Nina Alvarez"),
        figures = listOf(
            FigureRow(Words("vital_pulse_bpm"), "104 /min", Words("card_before", "78 (${formats.date(at(9, 0), zone)})"), "Theo Lindqvist"),
            FigureRow(Words("vital_temperature_c"), "38.2 °C", null, "Theo Lindqvist"),
        ),
        score = ScoreCard(Words("news2_total", 3), Tone.GOOD, Words("news2_low"), Words("news2_scale_1"), emptyList(), emptyList()),
        scoreBefore = Words("card_before", "1"),
        access = listOf(ChartRow("Key box at the side door", listOf(Words("access_directions")))),
        contacts = listOf(ChartRow("Ingrid Lindgren", listOf("daughter", "+1 978 555 0199"))),
        lead = ChartRow("Sue Park", listOf(Words("role_supervisor"), "+1 978 555 0100")),
        asked = listOf("Weigh", "Look at the feet"), overdue = listOf(ChartRow("Call the clinic", listOf(formats.moment(at(8, 0), zone)))),
        waiting = listOf(Chip(Words.counted("messages_pressing", 1), Tone.ALARM, Glyph.WARNING)),
        messages = listOf(ChartRow("New tips for the walker?", listOf("Theo Lindqvist"))),
        since = Words("since_last", formats.moment(at(6, 50), zone)), count = 3, changes = changed.takeLast(2),
    )

    val changes = ChangesState("Walter Lindgren", card.since, 3, changed, more = true, loaded = true, network = offline)

    val inbox = InboxState(
        loaded = true, network = synced,
        rows = listOf(
            ThreadRow(
                "p", "Walter Lindgren", "His walker needs new tips. Who comes by the depot?", "Theo Lindqvist", formats.moment(at(9, 2), zone),
                listOf(
                    Chip(Words.counted("messages_pressing", 1), Tone.ALARM, Glyph.WARNING),
                    Chip(Words.counted("messages_unread", 2), Tone.ACTIVE, Glyph.UNSENT),
                ),
            ),
            ThreadRow("q", "Rosa Diaz", "Key is with the neighbour", "Nina Alvarez", formats.moment(at(8, 40), zone), emptyList()),
        ),
    )

    val sync = SyncScreenState(
        network = offline, headline = Words.counted("sync_unsent", 4), photos = 1, conflicts = 1,
        rows = listOf(
            UnsentRow(Words("document_visit"), "Walter Lindgren", Words.counted("sync_edits", 3), formats.moment(at(9, 12), zone)),
            UnsentRow(Words("document_chart"), "Walter Lindgren", Words.counted("sync_edits", 1), formats.moment(at(9, 40), zone)),
        ),
        quarantine = listOf(
            QuarantineRow(
                1, Words("quarantine_sealed"), Words("field_note_note"), listOf(Words("value_note") to "Pulse regular"),
                formats.moment(at(7, 55), zone), open = true,
            ),
            QuarantineRow(2, Words("quarantine_access_ended"), null, emptyList(), formats.moment(at(7, 58), zone), open = false, held = true),
        ),
    )

    val search = SearchState(
        "lind", searched = true,
        rows = listOf(
            SearchRow("Walter Lindgren", Words("document_patient"), "p", null),
            SearchRow("Walter Lindgren", Words("document_visit"), "p", "v"),
        ),
    )
    val network = synced
}
