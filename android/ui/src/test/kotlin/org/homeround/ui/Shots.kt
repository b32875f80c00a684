package org.homeround.ui

import androidx.compose.runtime.Composable

internal val doNothing = VisitActions(
    back = {}, patient = {}, forms = {}, take = { _, _, _ -> }, finish = {}, leaveOut = { _, _, _ -> }, typeVital = { _, _ -> }, recordVitals = {},
    consciousness = {}, oxygen = {}, give = {}, goOn = {}, holdBack = {},
    list = ListActions({}, { _, _ -> }, { _, _ -> }, {}, {}, {}), withhold = { _, _, _ -> }, typeNote = {}, saveNote = {}, outcome = {},
    end = { _, _, _ -> }, photograph = {}, openPhoto = {}, closePhoto = {}, settle = { _, _ -> }, explain = { _, _, _ -> }, sync = {}, dismiss = {},
)

internal val noDay = DayActions({}, {}, {}, {}, {}, {}, {}, {}, {})

internal val noPatient = PatientActions({}, {}, {}, {}, {}, {}, {}, {})

private val noAccount = AccountActions({}, { _, _ -> }, { _, _ -> }, {}, {}, {}, {})

/** Every screen in every state that is worth a picture, by name. */
internal fun shots(language: String): Map<String, @Composable () -> Unit> {
    val of = Samples(language)
    return mapOf(
        "lock" to { LockScreen(of.unlock, {}, {}, {}, {}) },
        "lock-wrong" to { LockScreen(of.wrongPin, {}, {}, {}, {}) },
        "lock-first" to { LockScreen(of.first, {}, {}, {}, {}) },
        "lock-enrol" to { LockScreen(of.enrol, {}, {}, {}, {}) },
        "day" to { DayScreen(of.day, noDay) },
        "day-suggested" to { DayScreen(of.daySuggested, noDay) },
        "day-offline" to { DayScreen(of.dayOffline, noDay) },
        "visit" to { VisitScreen(of.visit, doNothing) },
        "visit-refused" to { VisitScreen(of.refused, doNothing) },
        "visit-conflict" to { VisitScreen(of.conflicted, doNothing) },
        "visit-presence" to { VisitScreen(of.attended, doNothing) },
        "visit-signed" to { VisitScreen(of.signed, doNothing) },
        "patient" to { PatientScreen(of.patient, noPatient) },
        "emergency" to { PatientScreen(of.away, noPatient) },
        "account" to { AccountScreen(of.account, noAccount) },
        "visit-late" to { VisitScreen(of.late, doNothing) },
        "sync" to { SyncScreen(of.sync, {}, {}, { _, _ -> }, {}) },
        "search" to { SearchScreen(of.search, of.network, {}, {}, {}, {}, {}) },
    )
}
