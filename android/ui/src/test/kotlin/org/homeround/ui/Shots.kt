package org.homeround.ui

import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Surface
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.Modifier
import androidx.compose.ui.unit.dp
import java.time.LocalDate
import kotlinx.coroutines.awaitCancellation
import org.homeround.kit.screens.Player

internal val doNothing = VisitActions(
    back = {}, patient = {}, notices = {}, forms = {}, take = { _, _, _ -> }, finish = {}, leaveOut = { _, _, _ -> }, planned = PlannedActions({}, { _, _, _ -> }, {}), typeVital = { _, _ -> }, recordVitals = {},
    how = HowActions({}, { _, _ -> }, { _, _ -> }, {}, {}, {}, {}, {}), dose = DoseActions({}, {}, {}, {}),
    consciousness = {}, oxygen = {}, give = {}, goOn = {}, holdBack = {},
    list = ListActions({}, { _, _ -> }, { _, _ -> }, {}, {}, {}), withhold = { _, _, _ -> }, typeNote = {}, saveNote = {}, outcome = {},
    end = { _, _, _ -> }, pause = { _, _ -> }, photos = PhotoActions({}, {}, {}, {}), settle = { _, _ -> },
    explain = { _, _, _ -> },
    signOff = SignOffActions({}, {}, {}, {}, { _, _ -> }), way = WayActions({}, { _, _ -> }, { _, _ -> }, { _, _, _, _ -> }), call = CallActions({}, { _, _ -> }, {}, { _, _ -> }), sync = {}, dismiss = {},
)

internal val noDay = DayActions({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, NewVisitActions({}, {}, {}, {}, {}, {}))

internal val noPatient = PatientActions({}, {}, {}, {}, {}, {}, {}, {}, {}, {})

private val noPlans = PlanActions(
    {}, {}, {}, {}, {}, { _, _, _ -> }, { _, _, _, _ -> }, { _, _, _, _ -> }, { _, _ -> }, { _, _, _ -> }, { _, _ -> }, { _, _ -> }, { _, _ -> },
    { _, _, _, _, _ -> }, { _, _, _ -> }, { _, _, _ -> }, { _, _, _ -> }, {}, {},
)

private val noNotices = NoticeActions({}, {}, {}, {}, {}, {}, {}, {}, {})

private val noMessages = MessageActions({}, {}, {}, {}, {}, {}, { _, _ -> }, {}, {})

private val noLoan = LentActions({}, {}, { _, _ -> }, { _, _ -> }, {}, {}, {}, {}, {})

private val noCard = CardActions({}, {}, {})

private val noAccount = AccountActions({}, {}, {}, { _, _ -> }, { _, _ -> }, {}, {}, {}, {})

/** A recording that is five seconds along, for good. */
private val fiveSeconds = Player { _, at ->
    at(5_200, 42_000)
    awaitCancellation()
}

/** Every screen in every state that is worth a picture, by name. */
internal fun shots(language: String): Map<String, @Composable () -> Unit> {
    val of = Samples(language)
    val care = PlanSamples(language)
    val survey = SurveySamples(language)
    return mapOf(
        "lock" to { LockScreen(of.unlock, {}, {}, {}, {}) },
        "lock-wrong" to { LockScreen(of.wrongPin, {}, {}, {}, {}) },
        "lock-first" to { LockScreen(of.first, {}, {}, {}, {}) },
        "lock-lent" to { LockScreen(of.lentBack, {}, {}, {}, {}) },
        "lent" to { LentScreen(survey.lent, noLoan) },
        "lent-thanks" to { LentScreen(survey.thanked, noLoan) },
        "lent-declined" to { LentScreen(survey.declined, noLoan) },
        "results" to { ResultsScreen(survey.results, {}, {}, {}, {}) },
        "lock-enrol" to { LockScreen(of.enrol, {}, {}, {}, {}) },
        "day" to { DayScreen(of.day, noDay) },
        "day-suggested" to { DayScreen(of.daySuggested, noDay) },
        "day-offline" to { DayScreen(of.dayOffline, noDay) },
        "visit" to { VisitScreen(of.visit, doNothing) },
        "visit-refused" to { VisitScreen(of.refused, doNothing) },
        "visit-conflict" to { VisitScreen(of.conflicted, doNothing) },
        "visit-presence" to { VisitScreen(of.attended, doNothing) },
        "visit-measured" to { VisitScreen(of.measured, doNothing) },
        "visit-signing" to { VisitScreen(of.signing, doNothing) },
        "visit-sign-offs" to { VisitScreen(of.signOffs, doNothing) },
        "visit-twice" to { VisitScreen(of.twice, doNothing) },
        "day-new" to { DayScreen(of.dayNew, noDay) },
        "visit-signed" to { VisitScreen(of.signed, doNothing) },
        "patient" to { PatientScreen(of.patient, noPatient) },
        "plans" to { PlanScreen(care.plans, noPlans) },
        "plans-choosing" to { PlanScreen(care.choosing, noPlans) },
        "visit-planned" to { VisitScreen(of.visit.copy(planned = care.planned), doNothing) },
        "notices" to { NoticesScreen(of.notices, noNotices) },
        "messages" to { MessagesScreen(of.messages, noMessages) },
        "changes" to { ChangesScreen(of.changes, {}, {}, {}, {}) },
        "inbox" to { InboxScreen(of.inbox, {}, {}, {}, {}) },
        "emergency" to { PatientScreen(of.away, noPatient) },
        "account" to { AccountScreen(of.account, noAccount) },
        "visit-late" to { VisitScreen(of.late, doNothing) },
        "sync" to { SyncScreen(of.sync, {}, {}, { _, _ -> }, {}) },
        "form" to { FormScreen(FormSamples.catheter, noForm) },
        "search" to { SearchScreen(of.search, of.network, {}, {}, {}, {}, {}) },
    )
}

/** Parts of the visit's screen that are worth a picture of their own: how high, and what. */
internal fun parts(language: String): Map<String, Pair<Int, @Composable () -> Unit>> {
    val of = Samples(language)
    val survey = SurveySamples(language)
    fun part(height: Int, content: @Composable () -> Unit): Pair<Int, @Composable () -> Unit> = height to {
        Surface(Modifier.fillMaxSize(), color = MaterialTheme.colorScheme.background) {
            Column(Modifier.padding(16.dp)) { content() }
        }
    }
    return mapOf(
        "presence" to part(640) { Presence(of.attended.presence) { _, _, _ -> } },
        "card" to part(1420) { PatientCardPart(of.card, noCard) },
        "forms" to part(180) { FormsOf(of.late) {} },
        "sign-offs" to part(760) { SignOffs(of.signOffs, doNothing.signOff) },
        "recordings" to part(660) {
            CompositionLocalProvider(LocalPlayer provides fiveSeconds) { Photos(of.listening, doNothing.photos) }
        },
        "calendar" to part(720) { Days(LocalDate.of(2026, 3, 2), {}, {}) },
        "call" to part(1150) { of.virtual.call?.let { Call(it, doNothing.call) } },
        "reported" to part(760) {
            Teller(of.virtual.vitals, doNothing.how)
            of.virtual.findings.forEach { Says(it) }
        },
        "survey" to part(770) { SurveyPart(survey.visit, SurveyActions({}, {}, {})) },
        "signing" to part(1100) { SignOffs(of.signing, doNothing.signOff) },
        "measuring" to part(900) {
            How(of.measured.vitals, doNothing.how)
            of.measured.checking?.let { LookAgain(it, doNothing.how) }
            of.measured.dosing?.let { OtherDose(it, null, doNothing.dose) }
        },
    )
}
