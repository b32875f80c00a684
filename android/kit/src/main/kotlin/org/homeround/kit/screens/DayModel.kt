package org.homeround.kit.screens

import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import org.homeround.core.Day
import org.homeround.core.SyncState
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
)

/** What the day's list shows. */
data class DayState(
    val date: LocalDate? = null,
    val title: String = "",
    val team: Boolean = false,
    val rows: List<DayRow> = emptyList(),
    val loaded: Boolean = false,
    val unsent: Int = 0,
    val network: Chip = chip(SyncState.Idle(false)),
    val problem: Problem? = null,
) {
    /** What the line under the title says. */
    val summary: Words get() = Words.counted("day_visits", rows.size)
}

/** The day's list, one's own or the team's. */
class DayModel(private val phone: Homeround, scope: CoroutineScope, private val formats: Formats) :
    Model<DayState>(scope, DayState()) {
    private var following: Job? = null

    init {
        follow(phone.sync.state) { state, sync -> state.copy(network = chip(sync)) }
        act { show(phone.today()) }
    }

    override fun failed(state: DayState, problem: Problem?) = state.copy(problem = problem)

    fun show(date: LocalDate, team: Boolean = state.value.team) {
        following?.cancel()
        change { it.copy(date = date, title = formats.day(date), team = team) }
        following = follow(if (team) phone.teamDay(date) else phone.day(date), ::take)
    }

    fun next() = step(1)

    fun previous() = step(-1)

    fun team(team: Boolean) {
        state.value.date?.let { show(it, team) }
    }

    fun sync() = act { phone.sync.now() }

    private fun step(days: Long) {
        state.value.date?.let { show(it.plusDays(days)) }
    }

    private fun take(state: DayState, day: Day): DayState =
        state.copy(loaded = true, unsent = day.unsent.toInt(), rows = day.visits.map(::row))

    private fun row(visit: VisitSummary): DayRow {
        val notes = buildList {
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
        )
    }
}
