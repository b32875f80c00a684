package org.homeround.kit

import org.homeround.core.FormValue
import org.homeround.core.ReportedBy
import org.homeround.core.Saved
import org.homeround.core.SurveyForm
import org.homeround.core.SurveyDesk as Core

/** The survey on a phone that was lent for it: all that the phone answers to, until it is unlocked. */
class SurveyDesk internal constructor(private val core: Core, private val worker: Worker) {
    /** What is asked, in a language as `es`. */
    suspend fun form(language: String): SurveyForm = worker.run { core.form(language) }

    /** Stores the answers, by link id, for good, once each time that the phone is lent. It stays lent. */
    suspend fun finish(answeredBy: ReportedBy, language: String, answers: Map<String, FormValue>): Saved =
        worker.run { core.finish(answeredBy, language, answers) }
}
