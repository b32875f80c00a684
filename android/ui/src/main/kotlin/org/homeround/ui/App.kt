package org.homeround.ui

import androidx.compose.runtime.Composable
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateListOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.setValue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch
import org.homeround.core.EntryId
import org.homeround.core.Fix
import org.homeround.core.PatientId
import org.homeround.core.SessionState
import org.homeround.core.VisitId
import org.homeround.kit.Homeround
import org.homeround.kit.screens.AccountModel
import org.homeround.kit.screens.DayModel
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.Loan
import org.homeround.kit.screens.LockModel
import org.homeround.kit.screens.NewVisitForm
import org.homeround.kit.screens.PatientModel
import org.homeround.kit.screens.SearchModel
import org.homeround.kit.screens.Shot
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
    /** Takes a picture; none when the person went back. Without a camera no picture is offered. */
    val camera: (suspend () -> Shot?)? = null,
    /** Lets a file be chosen, and reads it; none when the person went back. */
    val files: (suspend () -> ByteArray?)? = null,
    /** Whether the device has a biometric sensor that the key vault can ask. */
    val sensor: Boolean = false,
    /** Hands a link to join by, or a number to call, to the system. Without it neither is offered. */
    val open: ((String) -> Unit)? = null,
    /** The phone is in a patient's hands from now on, or back: a platform that can keeps them in the app. */
    val lent: (away: Boolean) -> Unit = {},
)

/** Where a person is. */
internal sealed interface Place {
    data object Day : Place
    data class Visit(val id: VisitId) : Place
    data class Patient(val id: PatientId) : Place
    data class Plans(val patient: PatientId) : Place
    data class Messages(val patient: PatientId) : Place
    data class Notices(val visit: VisitId) : Place
    data class Changes(val patient: PatientId) : Place
    data object Inbox : Place
    data class Forms(val visit: VisitId) : Place
    data class Form(val visit: VisitId, val form: EntryId) : Place
    data object Search : Place
    data object Sync : Place
    data object Account : Place
    data object Results : Place
}

/** The whole app: locked, in a patient's hands, or the place where the person is. */
@Composable
fun App(shell: Shell) {
    val scope = rememberCoroutineScope()
    val lock = remember { LockModel(shell.phone, scope) }
    val locked by lock.state.collectAsState()
    val loan = locked.loan
    var back by remember(loan) { mutableStateOf(false) }
    Away(locked.session == SessionState.LENT, shell.lent)
    when {
        locked.session == SessionState.READY -> Unlocked(shell, lock, locked.resume)
        loan != null && !back -> LentPlace(loan) { back = true }
        else -> LockScreen(locked, { lock.digit(it) }, { lock.erase() }, { lock.proceed() }, { lock.dismiss() }, { lock.bySensor() })
    }
}

/** Says once that the phone is lent, and once that it is back. */
@Composable
private fun Away(away: Boolean, onChange: (Boolean) -> Unit) {
    var told by remember { mutableStateOf(false) }
    LaunchedEffect(away) {
        if (told == away) return@LaunchedEffect
        told = away
        onChange(away)
    }
}

@Composable
private fun Unlocked(shell: Shell, lock: LockModel, resume: VisitId?) {
    val way = remember { mutableStateListOf(*listOfNotNull(Place.Day, resume?.let { Place.Visit(it) }).toTypedArray<Place>()) }
    val back = { if (way.size > 1) way.removeAt(way.lastIndex) }
    val sync = { way.add(Place.Sync) }
    // One model for as long as the place is on the way.
    val scope = rememberCoroutineScope()
    val day = remember { DayModel(shell.phone, scope, shell.formats, shell.place) }
    when (val place = way.last()) {
        is Place.Day -> Day(day, way)
        is Place.Visit -> VisitPlace(shell, place, way, back = { back() }, sync = { sync() }) { lock.lend(it) }
        is Place.Patient -> {
            val here = rememberCoroutineScope()
            val model = remember(place) { PatientModel(shell.phone, place.id, here, shell.formats) }
            val state by model.state.collectAsState()
            PatientScreen(
                state,
                PatientActions(
                    back = { back() }, plans = { way.add(Place.Plans(place.id)) }, messages = { way.add(Place.Messages(place.id)) }, filter = { model.filter(it) }, more = { model.more() }, trend = { model.trend(it) }, moreTrend = { model.moreTrend() }, breakGlass = { model.breakGlass(it) },
                    sync = { sync() }, dismiss = { model.dismiss() },
                ),
            ) { CardPlace(shell, way, place.id, null) }
        }
        is Place.Plans -> PlansPlace(shell, place, { back() }) { sync() }
        is Place.Messages -> MessagesPlace(shell, place, { back() }) { sync() }
        is Place.Notices -> NoticesPlace(shell, place, { back() }) { sync() }
        is Place.Changes -> ChangesPlace(shell, place, { back() }) { sync() }
        is Place.Inbox -> InboxPlace(shell, way, { back() }) { sync() }
        is Place.Forms -> FormsPlace(shell, place, way) { back() }
        is Place.Form -> FormPlace(shell, place, way) { back() }
        is Place.Search -> Search(shell, way) { back() }
        is Place.Account -> Account(shell, { back() }, { sync() }, { way.add(Place.Results) }) { lock.lookAgain() }
        is Place.Results -> ResultsPlace(shell, way, { back() }) { sync() }
        is Place.Sync -> {
            val here = rememberCoroutineScope()
            val model = remember { SyncModel(shell.phone, here, shell.formats, shell.zone) }
            val state by model.state.collectAsState()
            SyncScreen(state, { back() }, { model.now() }, { row, status -> model.close(row, status) }, { model.dismiss() })
        }
    }
}

@Composable
private fun Account(shell: Shell, back: () -> Unit, sync: () -> Unit, results: () -> Unit, left: () -> Unit) {
    val here = rememberCoroutineScope()
    val model = remember { AccountModel(shell.phone, here, shell.sensor, left) }
    val state by model.state.collectAsState()
    AccountScreen(
        state,
        AccountActions(
            back = back, numbers = { model.showNumbers(it) }, results = results, changePin = { old, new -> model.changePin(old, new) },
            useSensor = { on, pin -> model.useSensor(on, pin) }, lock = { model.lock() }, signOut = { model.signOut() }, sync = sync, dismiss = { model.dismiss() },
        ),
    )
}

@Composable
private fun Day(model: DayModel, way: MutableList<Place>) {
    val state by model.state.collectAsState()
    LaunchedEffect(state.made) {
        state.made?.let { made ->
            model.opened()
            way.add(Place.Visit(made))
        }
    }
    DayScreen(
        state,
        DayActions(
            open = { way.add(Place.Visit(it)) }, next = { model.next() }, previous = { model.previous() },
            team = { model.team(it) }, suggest = { model.suggest(it) }, search = { way.add(Place.Search) }, sync = { way.add(Place.Sync) },
            account = { way.add(Place.Account) }, messages = { way.add(Place.Inbox) }, dismiss = { model.dismiss() },
            new = NewVisitActions(
                start = { model.newVisit(NewVisitForm()) }, find = { model.findPatient(it) },
                choose = { chosen -> model.newVisit(state.new?.copy(patient = chosen)) }, type = { model.newVisit(it) },
                make = { model.makeVisit(it) }, close = { model.newVisit(null) },
            ),
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
private fun VisitPlace(
    shell: Shell, place: Place.Visit, way: MutableList<Place>, back: () -> Unit, sync: () -> Unit, lent: (Loan) -> Unit,
) {
    val here = rememberCoroutineScope()
    val model = remember(place) { VisitModel(shell.phone, place.id, here, shell.formats, shell.now, shell.place) }
    val state by model.state.collectAsState()
    val camera = shell.camera
    // The caption is typed before the picture is taken: on return it is saved at once.
    val photograph: ((String) -> Unit)? = camera?.let { { caption -> here.launch { it()?.let { shot -> model.attach(shot, caption) } } } }
    val addFile: ((String) -> Unit)? = shell.files?.let { { caption -> here.launch { it()?.let { file -> model.attachFile(file, caption) } } } }
    VisitScreen(
        state,
        VisitActions(
            back = back, patient = { way.add(Place.Patient(it)) }, notices = { way.add(Place.Notices(place.id)) }, forms = { way.add(Place.Forms(place.id)) },
            take = { action, pin, reason -> model.take(action, pin, reason) },
            finish = { model.finish(it) }, leaveOut = { task, reason, comment -> model.leaveOut(task, reason, comment) },
            planned = PlannedActions(model::finishPlanned, model::leaveOutPlanned, model::removePlanned),
            typeVital = { field, text -> model.typeVital(field, text) }, recordVitals = { model.recordVitals() },
            how = HowActions(
                unit = model::swapUnit, site = model::chooseSite, method = model::chooseMethod, scale = { model.decideScale(it) },
                confirm = { model.confirmVitals() }, back = model::holdVitals, teller = model::chooseTeller, device = model::typeDevice,
            ),
            dose = DoseActions(begin = model::beginDose, type = model::typeDose, give = { model.giveDose() }, close = model::closeDose),
            consciousness = model::chooseConsciousness, oxygen = model::chooseOxygen,
            give = { model.give(it) }, goOn = { model.goOn(it) }, holdBack = model::holdBack,
            list = ListActions(
                start = model::compareList, answer = model::answerLine, comment = model::commentLine, beside = model::typeBeside,
                save = { model.saveList() }, close = model::closeList,
            ),
            withhold = { row, reason, comment -> model.withhold(row, reason, comment) },
            typeNote = { model.typeNote(it) }, saveNote = { model.saveNote() }, outcome = { model.setOutcome(it) },
            end = { ending, reason, comment -> model.end(ending, reason, comment) },
            pause = { reason, comment -> model.pause(reason, comment) },
            photos = PhotoActions(take = photograph, add = addFile, open = { model.open(it) }, close = { model.closePhoto() }),
            settle = { conflict, choice -> model.settle(conflict, choice) },
            explain = { stamp, reason, comment -> model.explain(stamp, reason, comment) },
            signOff = SignOffActions(
                begin = model::beginSignOff, change = model::changeSignOff, save = { model.signOff(it) }, close = model::closeSignOff,
                takeBack = { signOff, reason -> model.takeBack(signOff, reason) },
            ),
            way = WayActions(
                open = { way.add(Place.Visit(it)) }, sameVisit = { other, said -> model.sameVisit(other, said) },
                twoVisits = { other, said -> model.twoVisits(other, said) },
                handOver = { to, reason, said, rest -> model.handOver(to, reason, said, rest) },
            ),
            call = CallActions(
                join = shell.open?.let { open -> { model.join(open) } }, consent = { form, given -> model.consent(form, given) },
                lobby = { model.lobby(it) }, fallBack = { reason, comment -> model.fallBack(reason, comment) { shell.open?.invoke(it) } },
            ),
            sync = sync, dismiss = { model.dismiss() },
        ),
        survey = { SurveyPlace(shell, place.id, lent) },
    ) { state.patientId?.let { CardPlace(shell, way, it, place.id) } }
}
