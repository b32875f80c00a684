package org.homeround.ui

import androidx.compose.runtime.Composable

private val doNothing = VisitActions(
    {}, {}, { _, _, _ -> }, {}, { _, _, _ -> }, { _, _ -> }, {}, {}, { _, _ -> }, {}, {}, { _, _ -> }, {}, {},
)

private val noDay = DayActions({}, {}, {}, {}, {}, {}, {})

/** Every screen in every state that is worth a picture, by name. */
internal fun shots(language: String): Map<String, @Composable () -> Unit> {
    val of = Samples(language)
    return mapOf(
        "lock" to { LockScreen(of.unlock, {}, {}, {}, {}) },
        "lock-wrong" to { LockScreen(of.wrongPin, {}, {}, {}, {}) },
        "lock-first" to { LockScreen(of.first, {}, {}, {}, {}) },
        "lock-enrol" to { LockScreen(of.enrol, {}, {}, {}, {}) },
        "day" to { DayScreen(of.day, noDay) },
        "day-offline" to { DayScreen(of.dayOffline, noDay) },
        "visit" to { VisitScreen(of.visit, doNothing) },
        "visit-refused" to { VisitScreen(of.refused, doNothing) },
        "visit-conflict" to { VisitScreen(of.conflicted, doNothing) },
        "visit-signed" to { VisitScreen(of.signed, doNothing) },
        "patient" to { PatientScreen(of.patient, {}, {}, {}, {}, {}) },
        "sync" to { SyncScreen(of.sync, {}, {}, { _, _ -> }, {}) },
        "search" to { SearchScreen(of.search, of.network, {}, {}, {}, {}, {}) },
    )
}
