package org.homeround.ui

import org.junit.jupiter.api.Test

/** The states that a day brings, against the committed pictures. */
class LooksTest {
    private val tall = setOf("visit", "visit-refused", "visit-conflict", "visit-signed", "visit-late", "visit-planned", "patient", "plans")

    private fun check(suffix: String, look: Look, vararg names: String) {
        val of = shots(look.language)
        for (name in names) {
            val height = if (name in tall) 1900 else look.height
            Stage.looksAs("state-$name$suffix", look.copy(height = height), of.getValue(name))
        }
    }

    @Test
    fun `a wrong PIN, a first connection, a signed visit and a search look as they did`() =
        check("", Look(), "lock-wrong", "lock-enrol", "visit-signed", "search", "account", "emergency")

    @Test
    fun `a form with dates looks as it did`() {
        check("", Look(), "form")
        check("-dark", Look(dark = true), "form")
    }

    @Test
    fun `a suggested order looks as it did`() = check("", Look(height = 1400), "day-suggested")

    @Test
    fun `a visit that may be there twice and is handed over, and one that is made, look as they did`() =
        check("", Look(height = 1200), "visit-twice", "day-new")

    @Test
    fun `messages within the team look as they did`() = check("", Look(height = 1200), "messages", "inbox")

    @Test
    fun `telling the patient looks as it did`() {
        check("", Look(height = 1600), "notices")
        check("-es", Look("es", dark = true, height = 1600), "notices")
    }

    @Test
    fun `the survey in a patient's hands and what patients said look as they did, in Spanish and with large letters too`() {
        check("", Look(height = 1660), "lent")
        check("-es", Look("es", dark = true, height = 1660), "lent")
        check("", Look(), "lent-thanks", "lock-lent")
        check("-large-es", Look("es", 2f, height = 1200), "lent-declined")
        check("", Look(height = 1300), "results")
        check("-es", Look("es", height = 1300), "results")
    }

    @Test
    fun `what changed since one was there looks as it did, in Spanish too`() {
        check("", Look(height = 1000), "changes")
        check("-es", Look("es", height = 1000), "changes")
    }

    @Test
    fun `the day and sync health in the dark look as they did`() = check("-dark", Look(dark = true), "day-offline", "sync")

    @Test
    fun `the visit and the chart in Spanish look as they did`() = check("-es", Look("es"), "visit-conflict", "patient", "visit-late")

    /** Parts of the visit's screen by themselves: on the whole screen they would be far below what is drawn. */
    @Test
    fun `a card, presence, forms, signatures by hand, recordings, a calendar and measuring look as they did, in the light and in the dark`() {
        for ((suffix, look) in listOf("" to Look(), "-dark" to Look(dark = true))) {
            for ((name, part) in parts(look.language)) Stage.looksAs("part-$name$suffix", look.copy(height = part.first), part.second)
        }
    }

    @Test
    fun `care plans, a choice of templates and what a plan asks for at a visit look as they did`() =
        check("", Look(), "plans", "plans-choosing", "visit-planned")

    @Test
    fun `care plans in Spanish and in the dark look as they did`() {
        check("-es", Look("es"), "plans")
        check("-dark", Look(dark = true), "plans")
    }

    @Test
    fun `letters twice as large are whole`() = check("-large", Look(fontScale = 2f, height = 1200), "lock", "sync", "search")
}
