package org.homeround.kit.screens

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import org.homeround.core.ChartView
import org.homeround.core.DocumentRef
import org.homeround.core.Found
import org.homeround.core.HomeroundException
import org.homeround.core.PatientId
import org.homeround.core.QuarantineStatus
import org.homeround.core.QuarantinedEdit
import org.homeround.core.SyncAction
import org.homeround.core.SyncHealth
import org.homeround.core.SyncState
import org.homeround.core.TimelineEntry
import org.homeround.core.TimelineQuery
import org.homeround.core.TrendQuery
import org.homeround.core.VisitId
import org.homeround.core.trendCode
import org.homeround.kit.Homeround

/** A line of something in the chart: what, and what is said of it. */
data class ChartRow(val title: String, val detail: List<Any>)

/** A line of the timeline. */
data class TimelineRow(val id: String, val date: String, val title: String, val detail: String, val kind: String, val reported: Words? = null)

/** A measurement of a trend. */
data class TrendRow(val date: String, val value: String, val by: String, val reported: Words? = null)

/** One figure over time. */
data class TrendCard(val field: String, val rows: List<TrendRow>, val more: Boolean)

/** What a trend can be asked for. */
val TREND_FIELDS: List<String> = listOf("news2") + (VitalField.entries - VitalField.OXYGEN).map { it.field }

/** What a trend is called. */
fun trendWords(field: String): Words = Words(if (field == "news2") "trend_news2" else "vital_$field")

/** What a patient's screen shows. */
data class PatientState(
    val name: String = "",
    val born: String = "",
    val phones: List<String> = emptyList(),
    val address: String = "",
    val alerts: List<ChartRow> = emptyList(),
    val allergies: List<ChartRow> = emptyList(),
    val conditions: List<ChartRow> = emptyList(),
    val medications: List<ChartRow> = emptyList(),
    val contacts: List<ChartRow> = emptyList(),
    val access: List<ChartRow> = emptyList(),
    val team: List<ChartRow> = emptyList(),
    val timeline: List<TimelineRow> = emptyList(),
    val kind: String? = null,
    val trend: TrendCard? = null,
    val away: Boolean = false,
    val asking: Boolean = false,
    val more: Boolean = false,
    val loaded: Boolean = false,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
)

/** A patient's chart, team and timeline. */
class PatientModel(
    private val phone: Homeround,
    id: PatientId,
    scope: CoroutineScope,
    private val formats: Formats,
) : Model<PatientState>(scope, PatientState()) {
    private val patient = phone.patient(id)
    private var next: String? = null
    private var nextTrend: String? = null

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        act { look() }
    }

    /** One figure over time; none: none. */
    fun trend(field: String?) = act {
        nextTrend = null
        change { it.copy(trend = null) }
        if (field != null) trendPage(field)
    }

    fun moreTrend() = act { state.value.trend?.let { trendPage(it.field) } }

    private suspend fun trendPage(field: String) {
        val page = patient.trend(TrendQuery(trendCode(field), nextTrend, PAGE))
        nextTrend = page.next
        val rows = page.points.map {
            val value = listOf(plain(it.value), units(it.unit)).joinToString(" ").trim()
            TrendRow(formats.moment(it.atMs, "UTC"), value, it.by?.name.orEmpty(), it.reportedBy?.let(::words))
        }
        change { it.copy(trend = TrendCard(field, it.trend?.takeIf { one -> one.field == field }?.rows.orEmpty() + rows, page.next != null)) }
    }

    /** Reads the patient, or says that there is none on this phone. */
    private suspend fun look() {
        try {
            val who = patient.read()
            val team = patient.careTeams().flatMap { it.members }
            change {
                it.copy(
                    name = who.name, born = who.birthDate.orEmpty(), phones = who.phones, address = who.address,
                    team = team.map { one -> ChartRow(one.name, listOfNotNull(one.role, one.phone)) }, loaded = true, away = false,
                )
            }
        } catch (_: HomeroundException.NotFound) {
            change { it.copy(away = true) }
            return
        } catch (_: HomeroundException.NotAllowed) {
            change { it.copy(away = true) }
            return
        }
        page(null)
        follow(patient.chart, ::take)
    }

    private fun take(state: PatientState, chart: ChartView) = state.copy(
        alerts = chart.alerts.filter { it.alert.active }.map { ChartRow(it.alert.text, listOf(words(it.alert.severity))) },
        allergies = chart.allergies.map {
            ChartRow(it.allergy.code.text, listOfNotNull(words(it.allergy.status), it.allergy.severity?.let(::words), it.allergy.reaction))
        },
        conditions = chart.conditions.map {
            ChartRow(it.condition.code.text, listOfNotNull(Words("condition_${it.condition.clinicalStatus}"), it.condition.onset))
        },
        medications = chart.medications.map {
            ChartRow(it.medication.code.text, listOfNotNull(it.medication.dose, it.medication.frequency))
        },
        contacts = chart.contacts.map { ChartRow(it.contact.name, listOfNotNull(it.contact.relationship, it.contact.phone)) },
        access = chart.homeAccess.map { ChartRow(it.text, listOf(Words("access_${it.name}"))) },
    )

    /** Access in an emergency, with a reason that a reviewer will read; the patient comes with the next sync. */
    fun breakGlass(reason: String) = act {
        change { it.copy(asking = true) }
        try {
            patient.breakGlass(reason)
            phone.sync.now()
        } finally {
            change { it.copy(asking = false) }
        }
        look()
    }

    override fun failed(state: PatientState, problem: Problem?) = state.copy(problem = problem)

    /** One kind of the timeline alone, as in `Observation`; none: all. */
    fun filter(kind: String?) = act {
        change { it.copy(kind = kind, timeline = emptyList()) }
        page(null)
    }

    fun more() = act { page(next) }

    private suspend fun page(from: String?) {
        val kind = state.value.kind
        val page = patient.timeline(TimelineQuery(kind, from, PAGE))
        next = page.next
        change { it.copy(timeline = it.timeline + page.entries.map(::row), more = page.next != null) }
    }

    private fun row(entry: TimelineEntry): TimelineRow {
        val value = entry.value?.let { "$it ${entry.unit.orEmpty()}".trim() }
        val parts = entry.parts.joinToString(", ") { "${it.code.text} ${it.value} ${it.unit.orEmpty()}".trim() }
        val detail = listOfNotNull(value, parts.ifEmpty { null }).joinToString(" · ")
        return TimelineRow(entry.id, formats.date(entry.atMs, "UTC"), entry.code.text, detail, entry.resource, entry.measured.reportedBy?.let(::words))
    }

    private companion object {
        const val PAGE = 30U
    }
}

/** Unsent work of one document. */
data class UnsentRow(val title: Words, val patient: String, val edits: Words, val since: String)

/** An edit that could not stand, with what was entered by its name. */
data class QuarantineRow(
    val id: Long,
    val code: Words,
    val field: Words?,
    val values: List<Pair<Words, String>>,
    val at: String,
    val open: Boolean,
    /** The patient left this phone: the office holds the edit, sealed. */
    val held: Boolean = false,
)

/** What the sync's screen shows. */
data class SyncScreenState(
    val network: Chip = chip(SyncState.Idle(false)),
    val headline: Words = Words("sync_all_sent"),
    val rows: List<UnsentRow> = emptyList(),
    val photos: Int = 0,
    val quarantine: List<QuarantineRow> = emptyList(),
    val conflicts: Int = 0,
    val busy: Boolean = false,
    val problem: Problem? = null,
)

/** Is everything sent, and if not, what is left and why? */
class SyncModel(private val phone: Homeround, scope: CoroutineScope, private val formats: Formats, private val zone: String) :
    Model<SyncScreenState>(scope, SyncScreenState()) {
    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.sync.health, ::take)
        follow(phone.sync.quarantine) { state, edits -> state.copy(quarantine = edits.map(::row)) }
    }

    override fun failed(state: SyncScreenState, problem: Problem?) = state.copy(problem = problem, busy = false)

    /** Syncs; a phone that a restored backend does not know is made known to it first. */
    fun now() = act {
        change { it.copy(busy = true) }
        val ended = phone.sync.now().ended
        if (ended is SyncState.Blocked && ended.action == SyncAction.ENROL_AGAIN) {
            phone.session.enrol()
            phone.sync.now()
        }
        change { it.copy(busy = false) }
    }

    fun close(row: QuarantineRow, status: QuarantineStatus) = act { phone.sync.closeQuarantined(row.id, status) }

    private fun take(state: SyncScreenState, health: SyncHealth): SyncScreenState {
        val unsent = health.unsent.toInt()
        return state.copy(
            headline = if (unsent == 0) Words("sync_all_sent") else Words.counted("sync_unsent", unsent),
            photos = health.attachmentsUnsent.toInt(),
            conflicts = health.conflicts.sumOf { it.open.toInt() },
            rows = health.documents.map {
                val edits = it.edits.toInt()
                UnsentRow(title(it.document), it.patientName, Words.counted("sync_edits", edits), formats.moment(it.oldestMs, zone))
            },
        )
    }

    private fun row(edit: QuarantinedEdit) = QuarantineRow(
        edit.id, quarantineWords(edit.code), edit.field?.let(::fieldWords), edit.values.map { Words("value_${it.name}") to it.text },
        formats.moment(edit.atMs, zone), edit.status == QuarantineStatus.OPEN,
        edit.status == QuarantineStatus.HELD_BY_BACKEND,
    )

    private fun title(document: DocumentRef) = Words(
        when (document) {
            is DocumentRef.Visit -> "document_visit"
            is DocumentRef.Chart -> "document_chart"
            is DocumentRef.Plan -> "document_plan"
        },
    )
}

/** A hit of a search. */
data class SearchRow(val title: String, val kind: Words, val patient: PatientId?, val visit: VisitId?)

/** What the search shows. */
data class SearchState(
    val words: String = "",
    val rows: List<SearchRow> = emptyList(),
    val searched: Boolean = false,
    val problem: Problem? = null,
)

/** Searching patients and notes, while typing. */
class SearchModel(private val phone: Homeround, scope: CoroutineScope) : Model<SearchState>(scope, SearchState()) {
    private var running: Job? = null

    override fun failed(state: SearchState, problem: Problem?) = state.copy(problem = problem)

    fun type(words: String) {
        change { it.copy(words = words) }
        running?.cancel()
        running = act {
            // Whoever types on is not held up by each letter.
            delay(PAUSE_MS)
            val found = if (words.isBlank()) emptyList() else phone.search(words)
            // A scanned code names a patient who need not be on this phone.
            val code = words.trim().takeIf { found.isEmpty() && CODE.matches(it) }
            val byCode = listOfNotNull(code?.let { SearchRow(it, Words("document_patient_code"), it.lowercase(), null) })
            change { it.copy(rows = found.map(::row) + byCode, searched = words.isNotBlank()) }
        }
    }

    private fun row(found: Found): SearchRow = when (found) {
        is Found.Patient -> SearchRow(found.name, Words("document_patient"), found.patient, null)
        is Found.Document -> when (val document = found.document) {
            is DocumentRef.Visit -> SearchRow(found.patientName, Words("document_visit"), found.patient, document.id)
            is DocumentRef.Chart -> SearchRow(found.patientName, Words("document_chart"), found.patient, null)
            is DocumentRef.Plan -> SearchRow(found.patientName, Words("document_plan"), found.patient, null)
        }
    }

    private companion object {
        const val PAUSE_MS = 150L
        val CODE = Regex("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
    }
}
