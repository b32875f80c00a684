package org.homeround.kit.screens

import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle
import java.util.Locale
import org.homeround.core.AllergyStatus
import org.homeround.core.BreakReason
import org.homeround.core.HomeroundException
import org.homeround.core.NotDoneReason
import org.homeround.core.Role
import org.homeround.core.Severity
import org.homeround.core.SyncAction
import org.homeround.core.SyncState
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.VisitStatus

/** A text of the string resources: its key, what is put in, and the count that picks a plural. */
data class Words(val key: String, val with: List<Any>, val count: Int?) {
    constructor(key: String, vararg with: Any) : this(key, with.toList(), null)

    companion object {
        /** A text with a plural: the count picks the form and is put in. */
        fun counted(key: String, count: Int): Words = Words(key = key, with = listOf(count), count = count)
    }
}

/** How much something matters. */
enum class Tone { QUIET, ACTIVE, GOOD, WARNING, ALARM }

/** What is drawn beside a text, so that no meaning hangs on colour alone. */
enum class Glyph { CLOCK, ROAD, HOME, PAUSE, CHECK, SEAL, CROSS, WARNING, OFFLINE, ONLINE, SYNC, UNSENT, LOCK, VIDEO }

/** A small label. */
data class Chip(val words: Words, val tone: Tone, val glyph: Glyph)

/** Dates and times as a person of this language reads them, in the time zone of a patient's home. */
class Formats(private val locale: Locale) {
    private val times = DateTimeFormatter.ofLocalizedTime(FormatStyle.SHORT).withLocale(locale)
    private val dates = DateTimeFormatter.ofLocalizedDate(FormatStyle.MEDIUM).withLocale(locale)
    private val days = DateTimeFormatter.ofPattern("EEEE d MMMM", locale)

    /** As BCP 47 has it, for the texts of forms. */
    val language: String = locale.toLanguageTag()

    fun time(ms: Long, zone: String): String = times.format(at(ms, zone))

    fun window(from: Long, until: Long, zone: String): String = "${time(from, zone)} – ${time(until, zone)}"

    fun date(ms: Long, zone: String): String = dates.format(at(ms, zone))

    fun moment(ms: Long, zone: String): String = "${date(ms, zone)}, ${time(ms, zone)}"

    fun day(date: LocalDate): String = days.format(date).replaceFirstChar { it.titlecase(locale) }

    /** A figure as it is typed: with a point or with the language's own comma. */
    fun number(text: String): Double? = text.trim().replace(',', '.').toDoubleOrNull()

    /** A figure with one decimal. */
    fun tenths(figure: Double): String = "%.1f".format(locale, figure)

    private fun at(ms: Long, zone: String) =
        Instant.ofEpochMilli(ms).atZone(runCatching { ZoneId.of(zone) }.getOrDefault(ZoneId.of("UTC")))
}

/** Something that a person is told, beside a field or for the whole screen. */
data class Problem(val words: Words, val field: String? = null)

/** `20..=300 per minute` as a person reads it. */
private fun range(limit: String): String = limit.replace("..=", " – ").replace(" per minute", "/min").replace(" Cel", " °C")

private fun refused(field: String, limit: String): Words = when {
    field == "pin" -> Words("error_pin")
    field == "unlock" -> Words("error_sensor")
    field == "media_type" || field == "attachment" -> Words("error_file")
    limit == "below systolic_mmhg" -> Words("error_below_systolic")
    field == "consent" -> Words("error_consent")
    field == "name" -> Words("error_representative")
    field == "phone" -> Words("error_phone")
    field == "answers" -> Words("error_answers")
    field == "survey" -> Words("error_survey")
    else -> Words("error_refused", range(limit))
}

/** What to tell a person. */
fun problem(error: Throwable): Problem = when (error) {
    is HomeroundException.Refused -> Problem(refused(error.field, error.limit), error.field)
    is HomeroundException.Step -> Problem(Words("error_step"))
    is HomeroundException.Warned -> Problem(Words.counted("error_warned", error.warnings.size))
    is HomeroundException.Locked -> Problem(Words("error_locked"))
    is HomeroundException.WrongPin -> Problem(
        Words.counted("error_wrong_pin", error.attemptsLeft.toInt()),
        "pin",
    )
    is HomeroundException.NotEnrolled -> Problem(Words("error_not_enrolled"))
    is HomeroundException.NotAllowed -> Problem(Words(if (error.rule == "sign_in") "error_sign_in" else "error_not_allowed"))
    is HomeroundException.LeaseEnded -> Problem(Words("error_lease_ended"))
    is HomeroundException.Signed -> Problem(Words("error_signed"))
    is HomeroundException.ConflictsOpen -> Problem(Words.counted("error_conflicts_open", error.open.toInt()))
    is HomeroundException.NotFound -> Problem(Words("error_not_found"))
    is HomeroundException.Unsent -> Problem(Words.counted("error_unsent", error.count.toInt()))
    is HomeroundException.StorageFull -> Problem(Words("error_storage_full", (error.neededBytes.toLong() / 1_048_576).coerceAtLeast(1)))
    is HomeroundException.Damaged -> Problem(Words("error_damaged"))
    is HomeroundException.UpdateApp -> Problem(Words("error_update_app"))
    is HomeroundException.Retry -> Problem(Words("error_retry"))
    is HomeroundException.Cancelled -> Problem(Words("error_cancelled"))
    is HomeroundException.Failed -> Problem(Words("error_failed", error.code))
    else -> Problem(Words("error_failed", error.javaClass.simpleName))
}

internal fun chip(status: VisitStatus): Chip = when (status) {
    VisitStatus.SCHEDULED -> Chip(Words("status_scheduled"), Tone.QUIET, Glyph.CLOCK)
    VisitStatus.TRAVELING -> Chip(Words("status_traveling"), Tone.ACTIVE, Glyph.ROAD)
    VisitStatus.IN_PROGRESS -> Chip(Words("status_in_progress"), Tone.ACTIVE, Glyph.HOME)
    VisitStatus.ON_BREAK -> Chip(Words("status_on_break"), Tone.WARNING, Glyph.PAUSE)
    VisitStatus.COMPLETED -> Chip(Words("status_completed"), Tone.GOOD, Glyph.CHECK)
    VisitStatus.SIGNED -> Chip(Words("status_signed"), Tone.GOOD, Glyph.SEAL)
    VisitStatus.AMENDED -> Chip(Words("status_amended"), Tone.GOOD, Glyph.SEAL)
    VisitStatus.CANCELED -> Chip(Words("status_canceled"), Tone.QUIET, Glyph.CROSS)
    VisitStatus.MISSED -> Chip(Words("status_missed"), Tone.WARNING, Glyph.CROSS)
}

/** What the top of every screen says of the network: always visible, never in the way. */
fun chip(state: SyncState): Chip = when (state) {
    is SyncState.Idle ->
        if (state.synced) Chip(Words("sync_idle"), Tone.QUIET, Glyph.ONLINE) else Chip(Words("sync_not_yet"), Tone.QUIET, Glyph.SYNC)
    is SyncState.Running -> Chip(Words("sync_running"), Tone.QUIET, Glyph.SYNC)
    is SyncState.Waiting ->
        if (state.why in OFFLINE) Chip(Words("sync_offline"), Tone.WARNING, Glyph.OFFLINE) else Chip(Words("sync_waiting"), Tone.WARNING, Glyph.SYNC)
    is SyncState.Blocked -> Chip(
        Words(
            when (state.action) {
                SyncAction.SIGN_IN -> "sync_sign_in"
                SyncAction.SIGN_IN_AS_OWNER -> "sync_sign_in_as_owner"
                SyncAction.ENROL_AGAIN -> "sync_enrol_again"
                SyncAction.DEVICE_REVOKED -> "sync_device_revoked"
                SyncAction.UPDATE_APP -> "sync_update_app"
                SyncAction.ASK_ADMINISTRATOR -> "sync_ask_administrator"
                SyncAction.MEND_STORAGE -> "sync_mend_storage"
            },
        ),
        Tone.ALARM, Glyph.WARNING,
    )
}

private val OFFLINE = setOf("offline", "unreachable", "timeout", "connection_broke")

/** Fields that have a name of their own in the string resources, by section and last part. */
private val FIELDS = setOf(
    "tasks_title", "tasks_status", "tasks_result", "tasks_reason", "tasks_comment", "status_status", "outcome_outcome", "note_note",
    "measures_weight_kg", "measures_pain_score", "measures_glucose_mg_dl", "medications_dose", "medications_status", "medications_dosing", "spo2_scale_spo2_scale",
    "conditions_clinical_status", "allergies_status", "allergies_severity", "handover_handover", "unplanned_unplanned", "notice_wishes_notice_wishes", "consent_consent",
)

/** Sections whose entries are only added. */
private val SECTIONS = setOf("observations", "medications", "attachments", "forms", "steps", "corrections", "signatures", "amendments", "presence", "sign_offs", "tasks", "measures", "duplicates", "planned", "notices", "lobby", "survey")

/** What a field is called: `tasks/0192…/result` is the result of a task. */
internal fun fieldWords(path: String): Words {
    val parts = path.split('/')
    val name = "${parts.first()}_${parts.last()}"
    return when {
        name in FIELDS -> Words("field_$name")
        parts.first() in SECTIONS -> Words("section_${parts.first()}")
        else -> Words("field_other")
    }
}

/** Codes of a quarantined edit that have words of their own. */
private val QUARANTINE_CODES = setOf(
    "access_ended", "depends_on_rejected", "no_grant", "not_permitted", "value_not_permitted", "policy", "author_mismatch", "role_mismatch", "subject_not_permitted", "sealed",
    "unplanned_unreadable", "handover_unreadable", "not_in_team", "notice_unreadable",
    "consent_unreadable", "survey_unreadable",
)

internal fun quarantineWords(code: String): Words =
    if (code in QUARANTINE_CODES) Words("quarantine_$code") else Words("quarantine_reason", code)

internal fun words(role: Role): Words = Words("role_${role.name.lowercase()}")

internal fun words(status: TaskStatus): Words = Words("task_${status.name.lowercase()}")

internal fun words(result: TaskResult): Words = Words("result_${result.name.lowercase()}")

fun words(reason: BreakReason): Words = Words("break_reason_${reason.name.lowercase()}")

fun words(reason: NotDoneReason): Words = Words("reason_${reason.name.lowercase()}")

internal fun words(severity: Severity): Words = Words("severity_${severity.name.lowercase()}")

internal fun words(status: AllergyStatus): Words = Words("allergy_${status.name.lowercase()}")
