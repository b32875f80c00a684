package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import org.homeround.core.ChangeHow
import org.homeround.core.ChangeKind
import org.homeround.core.ChangeQuery
import org.homeround.core.ChangedField
import org.homeround.core.LastFigure
import org.homeround.core.PatientCard
import org.homeround.core.PatientChange
import org.homeround.core.PatientId
import org.homeround.core.SinceLastHere
import org.homeround.core.SyncState
import org.homeround.core.VisitId
import org.homeround.kit.Homeround

/** A field of what changed: what it is called, what stood there and what stands there now. */
data class ChangeLine(val name: Words, val before: Any?, val now: Any?)

/** Something that changed since one was there last. */
data class ChangeRow(
    val id: String,
    val kind: ChangeKind,
    /** What it is called, as it was written, or the words of its kind. */
    val title: Any,
    val how: Chip,
    val lines: List<ChangeLine>,
    /** Why it was corrected. */
    val reason: Words?,
    val by: String,
    val at: String,
    /** It was written before one left, and arrived after. */
    val late: Boolean,
)

/** The last figure of a vital sign. */
data class FigureRow(
    val name: Words,
    val value: String,
    val before: Words?,
    val from: String,
    /** Who told it; none: it was measured. */
    val reported: Words? = null,
)

/** What a patient's card shows. */
data class CardState(
    val loaded: Boolean = false,
    val name: String = "",
    /** Age, sex, date of birth: words, or text as it is written. */
    val about: List<Any> = emptyList(),
    val alerts: List<ChartRow> = emptyList(),
    /** The worst first; none: not for this role. */
    val allergies: List<ChartRow>? = null,
    val conditions: List<ChartRow>? = null,
    val medications: List<ChartRow>? = null,
    /** Who went through the medications last. */
    val reviewed: Words? = null,
    val figures: List<FigureRow> = emptyList(),
    val score: ScoreCard? = null,
    val scoreBefore: Words? = null,
    val access: List<ChartRow> = emptyList(),
    val contacts: List<ChartRow> = emptyList(),
    val lead: ChartRow? = null,
    val asked: List<String> = emptyList(),
    val overdue: List<ChartRow> = emptyList(),
    val waiting: List<Chip> = emptyList(),
    val messages: List<ChartRow> = emptyList(),
    /** Since when, or that one was never there. */
    val since: Words? = null,
    val count: Int = 0,
    val changes: List<ChangeRow> = emptyList(),
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** The card of a patient, in the context of a visit if there is one. */
class CardModel(
    phone: Homeround,
    patient: PatientId,
    visit: VisitId?,
    scope: CoroutineScope,
    private val formats: Formats,
    private val zone: String,
) : Model<CardState>(scope, CardState()) {
    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.patient(patient).card(visit), ::take)
    }

    override fun failed(state: CardState, problem: Problem?) = state.copy(problem = problem)

    private fun take(state: CardState, card: PatientCard) = state.copy(
        loaded = true,
        name = card.patient.name,
        about = listOfNotNull(card.ageMonths?.let { age(it.toInt()) }, card.patient.gender?.let { Words("sex_$it") }, card.patient.birthDate),
        alerts = card.alerts.map { ChartRow(it.text, listOf(words(it.severity))) },
        allergies = card.allergies?.map { ChartRow(it.code.text, listOfNotNull(it.severity?.let(::words), it.reaction)) },
        conditions = card.conditions?.map { ChartRow(it.code.text, listOfNotNull(it.onset)) },
        medications = card.medications?.map { ChartRow(it.code.text, listOfNotNull(it.dose, it.frequency)) },
        reviewed = card.medicationsReviewed?.let { Words("card_reviewed", formats.date(it.atMs, zone), it.by.name) },
        figures = card.figures.orEmpty().map(::figure),
        score = card.score?.assessment?.let(::card),
        scoreBefore = card.score?.beforeTotal?.let { Words("card_before", plain(it)) },
        access = card.homeAccess.map { ChartRow(it.text, listOf(Words("access_${it.name}"))) },
        contacts = card.contacts.map { ChartRow(it.name, listOfNotNull(it.relationship, it.phone)) },
        lead = card.lead?.let { ChartRow(it.name, listOfNotNull(Words("role_supervisor"), it.phone)) },
        asked = card.asked.map { it.title },
        overdue = card.overdue.orEmpty().map { ChartRow(it.title, listOf(formats.moment(it.dueMs, zone))) },
        waiting = waiting(card),
        messages = card.messages.orEmpty().map { ChartRow(it.text, listOf(it.by.name, formats.moment(it.atMs, zone))) },
        since = sinceWords(card.since, formats, zone),
        count = card.since.count.toInt(),
        changes = card.since.changes.map { changeRow(it, formats, zone) },
    )

    private fun figure(one: LastFigure): FigureRow {
        val unit = units(one.last.unit)
        val told = { value: Double -> "${plain(value)} $unit".trim() }
        val from = listOf(formats.moment(one.last.atMs, zone), one.last.by?.name.orEmpty()).filter { it.isNotEmpty() }
        val before = one.before?.let { Words("card_before", "${plain(it.value)} (${formats.date(it.atMs, zone)})") }
        return FigureRow(Words("vital_${one.field}"), told(one.last.value), before, from.joinToString(" · "), one.last.reportedBy?.let(::words))
    }

    private fun waiting(card: PatientCard): List<Chip> {
        val pressing = Chip(Words.counted("messages_pressing", card.pressing.toInt()), Tone.ALARM, Glyph.WARNING)
        val unread = Chip(Words.counted("messages_unread", card.unread.toInt()), Tone.ACTIVE, Glyph.UNSENT)
        return listOf(pressing to card.pressing, unread to card.unread).filter { it.second > 0U }.map { it.first }
    }
}

/** An age as it is spoken of: in months up to two years. */
private fun age(months: Int): Words =
    if (months < MONTHS_SPOKEN) Words.counted("card_months", months) else Words.counted("card_years", months / MONTHS)

private const val MONTHS = 12
private const val MONTHS_SPOKEN = 24

/** What the list of changes shows. */
data class ChangesState(
    val name: String = "",
    val since: Words? = null,
    val count: Int = 0,
    val rows: List<ChangeRow> = emptyList(),
    val more: Boolean = false,
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** What changed about a patient since one was there last. */
class ChangesModel(
    phone: Homeround,
    id: PatientId,
    scope: CoroutineScope,
    private val formats: Formats,
    private val zone: String,
) : Model<ChangesState>(scope, ChangesState()) {
    private val patient = phone.patient(id)
    private var next: UInt? = null

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        act {
            val name = patient.read().name
            change { it.copy(name = name) }
            page(0U)
        }
    }

    override fun failed(state: ChangesState, problem: Problem?) = state.copy(problem = problem)

    fun more() = act { next?.let { page(it) } }

    private suspend fun page(skip: UInt) {
        val page = patient.sinceLastHere(ChangeQuery(skip, PAGE))
        next = page.next
        val rows = page.changes.map { changeRow(it, formats, zone) }
        change {
            it.copy(
                since = sinceWords(page, formats, zone), count = page.count.toInt(), rows = (it.rows + rows).distinctBy(ChangeRow::id),
                more = page.next != null, loaded = true,
            )
        }
    }

    private companion object {
        const val PAGE = 50U
    }
}

private fun sinceWords(since: SinceLastHere, formats: Formats, zone: String): Words =
    since.last?.let { Words("since_last", formats.moment(it.atMs, zone)) } ?: Words("since_never")

private fun changeRow(one: PatientChange, formats: Formats, zone: String) = ChangeRow(
    one.id, one.kind, one.title.ifEmpty { words(one.kind) }, chip(one.how),
    one.fields.map { ChangeLine(fieldName(one.kind, it), value(one.kind, it.name, it.before), value(one.kind, it.name, it.now)) },
    one.reason?.let { Words("change_reason", it) }, one.by.name, formats.moment(one.atMs, zone), one.late,
)

/** What a kind of change is called. */
fun words(kind: ChangeKind): Words = Words("change_${kind.name.lowercase()}")

private fun chip(how: ChangeHow): Chip = when (how) {
    ChangeHow.ADDED -> Chip(Words("change_how_added"), Tone.ACTIVE, Glyph.CHECK)
    ChangeHow.CHANGED -> Chip(Words("change_how_changed"), Tone.WARNING, Glyph.SYNC)
    ChangeHow.TAKEN_BACK -> Chip(Words("change_how_taken_back"), Tone.ALARM, Glyph.CROSS)
}

private val FIGURES = VitalField.entries.associateBy { it.field }

private fun fieldName(kind: ChangeKind, field: ChangedField): Words = when {
    field.name in FIGURES || field.name in BESIDE_FIGURES -> Words("vital_${field.name}")
    kind == ChangeKind.HOME_ACCESS -> Words("access_${field.name}")
    else -> Words("changed_${field.name}")
}

private val BESIDE_FIGURES = setOf("consciousness", "on_oxygen")

/** A value as a person reads it: codes are words of the string resources, everything else is as it was written. */
private fun value(kind: ChangeKind, field: String, text: String?): Any? {
    val figure = FIGURES[field]
    return when {
        text == null -> null
        figure != null -> "$text ${figure.unit}"
        text == "true" -> Words("form_yes")
        text == "false" -> Words("form_no")
        field == "consciousness" -> Words("consciousness_$text")
        field == "severity" -> Words("severity_$text")
        field == "clinical_status" -> Words("condition_$text")
        field == "result" -> Words("result_$text")
        field == "section" -> Words("patient_$text")
        field == "spo2_scale" -> Words("news2_$text")
        field == "achievement" -> achievementWords(text)
        field == "given" -> Words("visit_$text")
        field == "answered_by" -> Words("survey_by_$text")
        field == "reason" && kind in REASONED -> Words("reason_$text")
        field == "status" -> Words("${STATUSES[kind] ?: "changed"}_${text.replace('-', '_')}")
        else -> text
    }
}

private val REASONED = setOf(ChangeKind.TASK, ChangeKind.DOSE, ChangeKind.PROGRESS)
private val STATUSES = mapOf(
    ChangeKind.ALLERGY to "allergy", ChangeKind.TASK to "task", ChangeKind.ACTIVITY to "task", ChangeKind.PROGRESS to "task",
    ChangeKind.VISIT to "status", ChangeKind.FORM to "status", ChangeKind.PLAN to "plan_status", ChangeKind.MEDICATION to "plan_status",
)
