package org.homeround.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateListOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import kotlinx.coroutines.CoroutineScope
import org.homeround.core.Fix
import org.homeround.core.PatientId
import org.homeround.core.SessionState
import org.homeround.core.VisitId
import org.homeround.kit.Homeround
import org.homeround.kit.screens.DayModel
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.LockModel
import org.homeround.kit.screens.PatientModel
import org.homeround.kit.screens.SearchModel
import org.homeround.kit.screens.SyncModel
import org.homeround.kit.screens.VisitModel
import org.homeround.kit.screens.chip

/** What the screens need of the platform. */
class Shell(
    val phone: Homeround,
    val formats: Formats,
    val zone: String,
    val now: () -> Long,
    val place: suspend () -> Fix? = { null },
)

/** Where a person is. */
internal sealed interface Place {
    data object Day : Place
    data class Visit(val id: VisitId) : Place
    data class Patient(val id: PatientId) : Place
    data object Search : Place
    data object Sync : Place
}

/** The whole app: locked, or the place where the person is. */
@Composable
fun App(shell: Shell) {
    val scope = rememberCoroutineScope()
    val lock = remember { LockModel(shell.phone, scope) }
    val locked by lock.state.collectAsState()
    if (locked.session == SessionState.READY) {
        Unlocked(shell)
    } else {
        LockScreen(locked, { lock.digit(it) }, { lock.erase() }, { lock.proceed() }, { lock.dismiss() })
    }
}

@Composable
private fun Unlocked(shell: Shell) {
    val way = remember { mutableStateListOf<Place>(Place.Day) }
    val back = { if (way.size > 1) way.removeAt(way.lastIndex) }
    val sync = { way.add(Place.Sync) }
    // One model for as long as the place is on the way.
    val scope = rememberCoroutineScope()
    val day = remember { DayModel(shell.phone, scope, shell.formats) }
    when (val place = way.last()) {
        is Place.Day -> Day(day, way)
        is Place.Visit -> VisitPlace(shell, place, way, back = { back() }, sync = { sync() })
        is Place.Patient -> {
            val here = rememberCoroutineScope()
            val model = remember(place) { PatientModel(shell.phone, place.id, here, shell.formats) }
            val state by model.state.collectAsState()
            PatientScreen(state, { back() }, { model.filter(it) }, { model.more() }, { sync() }, { model.dismiss() })
        }
        is Place.Search -> Search(shell, way) { back() }
        is Place.Sync -> {
            val here = rememberCoroutineScope()
            val model = remember { SyncModel(shell.phone, here, shell.formats, shell.zone) }
            val state by model.state.collectAsState()
            SyncScreen(state, { back() }, { model.now() }, { row, status -> model.close(row, status) }, { model.dismiss() })
        }
    }
}

@Composable
private fun Day(model: DayModel, way: MutableList<Place>) {
    val state by model.state.collectAsState()
    DayScreen(
        state,
        DayActions(
            open = { way.add(Place.Visit(it)) }, next = { model.next() }, previous = { model.previous() },
            team = { model.team(it) }, search = { way.add(Place.Search) }, sync = { way.add(Place.Sync) },
            dismiss = { model.dismiss() },
        ),
    )
}

@Composable
private fun Search(shell: Shell, way: MutableList<Place>, back: () -> Unit) {
    val here: CoroutineScope = rememberCoroutineScope()
    val model = remember { SearchModel(shell.phone, here) }
    val state by model.state.collectAsState()
    val network by shell.phone.sync.state.collectAsState()
    val open: (org.homeround.kit.screens.SearchRow) -> Unit = { row ->
        val visit = row.visit
        val patient = row.patient
        if (visit != null) way.add(Place.Visit(visit)) else if (patient != null) way.add(Place.Patient(patient))
    }
    SearchScreen(state, chip(network), back, { model.type(it) }, open, { way.add(Place.Sync) }, { model.dismiss() })
}

@Composable
private fun VisitPlace(shell: Shell, place: Place.Visit, way: MutableList<Place>, back: () -> Unit, sync: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember(place) { VisitModel(shell.phone, place.id, here, shell.formats, shell.now, shell.place) }
    val state by model.state.collectAsState()
    VisitScreen(
        state,
        VisitActions(
            back = back, patient = { way.add(Place.Patient(it)) },
            take = { action, pin, reason -> model.take(action, pin, reason) },
            finish = { model.finish(it) }, leaveOut = { task, reason, comment -> model.leaveOut(task, reason, comment) },
            typeVital = { field, text -> model.typeVital(field, text) }, recordVitals = { model.recordVitals() },
            give = { model.give(it) }, withhold = { row, reason -> model.withhold(row, reason) },
            typeNote = { model.typeNote(it) }, outcome = { model.setOutcome(it) },
            settle = { conflict, choice -> model.settle(conflict, choice) }, sync = sync, dismiss = { model.dismiss() },
        ),
    )
}
