package org.homeround.kit.screens

import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.map
import org.homeround.core.Coding
import org.homeround.core.Day
import org.homeround.core.Fix
import org.homeround.core.Found
import org.homeround.core.HomeroundException
import org.homeround.core.NewVisit
import org.homeround.core.OrderOfDay
import org.homeround.core.OrderOptions
import org.homeround.core.Place
import org.homeround.core.SyncState
import org.homeround.core.UnplannedReason
import org.homeround.core.VisitEstimate
import org.homeround.core.VisitId
import org.homeround.core.VisitSummary
import org.homeround.kit.Homeround

/** A line of the day. */
data class DayRow(
    val id: VisitId,
    val window: String,
    val patient: String,
    val address: String,
    val service: String,
    val status: Chip,
    val notes: List<Chip>,
    val colleagues: List<String>,
    /** How long one is on the way to it; none: there is no way, or none is known. */
    val travel: Words? = null,
    /** When one is there, and how far off that may be; none: nothing is reckoned. */
    val arrival: Words? = null,
)

/** What the day's list shows. */
data class DayState(
    val date: LocalDate? = null,
    val title: String = "",
    val team: Boolean = false,
    val rows: List<DayRow> = emptyList(),
    val loaded: Boolean = false,
    val unsent: Int = 0,
    /** Messages of the team that wait to be read. */
    val messages: Int = 0,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
    /** Whether a better order is looked for. */
    val suggest: Boolean = false,
    /** What the order comes to; none: nothing is ahead, or it is the team's day. */
    val order: Words? = null,
    /** A visit that is being made. */
    val new: NewVisitForm? = null,
    /** The visit that was just made: it is to be opened. */
    val made: VisitId? = null,
) {
    /** What the line under the title says. */
    val summary: Words get() = Words.counted("day_visits", rows.size)
}

/** The day's list, one's own or the team's. [place] tells where the phone is, once an order is asked for. */
class DayModel(
    private val phone: Homeround,
    scope: CoroutineScope,
    private val formats: Formats,
    private val place: suspend () -> Fix? = { null },
) : Model<DayState>(scope, DayState()) {
    private var following: Job? = null
    private var here: Place? = null
    private var finding: Job? = null

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        follow(phone.messageThreads) { state, threads -> state.copy(messages = threads.sumOf { it.unread.toInt() }) }
        act { show(phone.today()) }
    }

    override fun failed(state: DayState, problem: Problem?) = state.copy(problem = problem)

    fun show(date: LocalDate, team: Boolean = state.value.team) {
        following?.cancel()
        change { it.copy(date = date, title = formats.day(date), team = team) }
        following = if (team) {
            follow(phone.teamDay(date)) { state, day -> take(state, day, null) }
        } else {
            follow(phone.day(date).map { it to order(date) }) { state, (day, order) -> take(state, day, order) }
        }
    }

    /** Looks for a better order from here on, or shows the visits as booked again. */
    fun suggest(suggest: Boolean) = act {
        change { it.copy(suggest = suggest) }
        replan()
    }

    /** Reckons again from where and when it is now. */
    suspend fun replan() {
        here = place()?.let { Place(it.latitudeDeg, it.longitudeDeg) }
        state.value.date?.let { show(it) }
    }

    fun next() = step(1)

    fun previous() = step(-1)

    fun team(team: Boolean) {
        state.value.date?.let { show(it, team) }
    }

    fun sync() = act { phone.sync.now() }

    /** Begins to make a visit that nobody booked, or lets it be. */
    fun newVisit(form: NewVisitForm?) = change { it.copy(new = form) }

    /** Looks for the patient by name. */
    fun findPatient(words: String) {
        change { it.copy(new = it.new?.copy(words = words)) }
        finding?.cancel()
        finding = act {
            delay(PAUSE_MS)
            val hits = if (words.isBlank()) emptyList() else phone.search(words)
            val found = hits.filterIsInstance<Found.Patient>().map { it.patient to it.name }
            change { it.copy(new = it.new?.copy(found = found)) }
        }
    }

    /** Makes the visit; it is on the day at once. */
    fun makeVisit(reason: UnplannedReason) = act {
        val form = state.value.new ?: return@act
        val patient = form.patient ?: return@act
        val minutes = form.minutes.trim().toUIntOrNull()
        if (minutes == null) {
            change { it.copy(problem = Problem(Words("error_not_a_number"), "minutes")) }
            return@act
        }
        val made = phone.newVisit(NewVisit(patient.first, Coding("", "", form.service), reason, form.comment.ifBlank { null }, null, minutes))
        change { it.copy(new = null, made = made.visit) }
    }

    /** The visit that was made is open now. */
    fun opened() = change { it.copy(made = null) }

    private fun step(days: Long) {
        state.value.date?.let { show(it.plusDays(days)) }
    }

    /** None where it can't be reckoned: the day is shown all the same. */
    private suspend fun order(date: LocalDate): OrderOfDay? = try {
        val here = here.takeIf { date == phone.today() }
        phone.orderOfDay(date, OrderOptions(suggest = state.value.suggest, start = here))
    } catch (_: HomeroundException.Refused) {
        null
    }

    private fun take(state: DayState, day: Day, order: OrderOfDay?): DayState {
        val ahead = order?.visits.orEmpty().associateBy { it.visit }
        // What is over stays on top; the rest stands in the order that is shown.
        val place = order?.visits.orEmpty().withIndex().associate { (at, one) -> one.visit to at }
        val visits = if (state.suggest) day.visits.sortedBy { place[it.id] ?: -1 } else day.visits
        return state.copy(
            loaded = true,
            unsent = day.unsent.toInt(),
            rows = visits.map { row(it, ahead[it.id], day) },
            order = order?.takeIf { it.visits.isNotEmpty() }?.let { orderWords(it, state.suggest) },
        )
    }

    private fun row(visit: VisitSummary, estimate: VisitEstimate?, day: Day): DayRow {
        val notes = buildList {
            if (visit.id in day.virtualVisits) add(Chip(Words("visit_virtual"), Tone.ACTIVE, Glyph.VIDEO))
            if (visit.id in day.likelyDuplicates) add(Chip(Words("visit_twice"), Tone.WARNING, Glyph.WARNING))
            estimate?.let(::late)?.let(::add)
            val open = visit.conflicts.toInt()
            if (open > 0) add(Chip(Words.counted("visit_conflicts", open), Tone.ALARM, Glyph.WARNING))
            val unsent = visit.unsent.toInt()
            if (unsent > 0) add(Chip(Words.counted("visit_unsent", unsent), Tone.QUIET, Glyph.UNSENT))
            if (visit.priority > 0U.toUByte()) add(Chip(Words("visit_urgent"), Tone.WARNING, Glyph.WARNING))
        }
        return DayRow(
            id = visit.id,
            window = formats.window(visit.startMs, visit.endMs, visit.timeZone),
            patient = visit.patientName,
            address = visit.address,
            service = visit.service,
            status = chip(visit.status),
            notes = notes,
            colleagues = visit.assignees.filter { !it.me }.map { it.name },
            travel = estimate?.takeIf { it.travelS > 0U }?.let(::travel),
            // Nobody arrives at a call.
            arrival = estimate?.takeIf { it.spreadS > 0U && visit.id !in day.virtualVisits }?.let {
                Words("day_arrival", formats.time(it.arriveMs, visit.timeZone), minutes(it.spreadS))
            },
        )
    }

    private companion object {
        const val PAUSE_MS = 150L
    }
}
