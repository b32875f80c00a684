package org.homeround.kit

import java.nio.file.Path
import java.time.LocalDate
import java.time.ZoneId
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.FormItem
import org.homeround.core.FormValue
import org.homeround.core.FormView
import org.homeround.core.HomeroundException
import org.homeround.kit.screens.FormModel
import org.homeround.kit.screens.FormRowItem
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.momentOf
import org.homeround.kit.screens.typedMoment
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Forms through the binding, over a real server process. */
class FormsTest {
    private fun FormView.item(linkId: String): FormItem = items.first { it.linkId == linkId }

    private suspend fun offered(phone: Homeround, name: String) =
        phone.forms("es").first { name in it.questionnaire }.questionnaire

    @Test
    fun `a form is filled offline, refused while something is missing, and reads in two languages`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            backend.stop()
            val forms = nina.visit(site.visit).forms
            val form = assertNotNull(forms.start(offered(nina, "fall-risk")).entry)
            forms.answer(form, "unsteady", FormValue.Flag(false))
            forms.answer(form, "fallen", FormValue.Flag(true))
            val refused = assertFailsWith<HomeroundException.Refused> { forms.complete(form) }
            assertEquals("form", refused.field)
            assertTrue("falls, injured, worried" in refused.limit)
            val many = assertFailsWith<HomeroundException.Refused> { forms.answer(form, "falls", FormValue.Whole(900)) }
            assertEquals("falls" to "1 to 365", many.field to many.limit)
            forms.answer(form, "falls", FormValue.Whole(2))
            forms.answer(form, "injured", FormValue.Flag(false))
            forms.answer(form, "worried", FormValue.Flag(true))
            val view = forms.one(form, "es-MX").first()
            assertEquals("Riesgo de caídas, tres preguntas clave", view.title)
            assertEquals("¿Cuántas veces?", view.item("falls").text)
            assertEquals("2", view.item("yes").answers.single().text)
            assertTrue(view.ready && view.required == view.answered)
            forms.complete(form)
            assertNotNull(forms.all("en").first().single().completedAtMs)
            assertFailsWith<HomeroundException.Refused> { forms.clear(form, "falls") }
            forms.reopen(form)
            forms.clear(form, "falls")
            assertEquals(false, forms.one(form, "en").first().ready)
        }
    }

    @Test
    fun `two people fill one form at once and both wounds are on both phones`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val hers = nina.visit(site.visit).forms
            val form = assertNotNull(hers.start(offered(nina, "wound")).entry)
            nina.sync.now()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val his = theo.visit(site.visit).forms
            for ((forms, place) in listOf(hers to "left heel", his to "sacrum")) {
                val row = assertNotNull(forms.addRepetition(form, "wound").entry)
                forms.answer(form, "location@$row", FormValue.Words(place))
                forms.answer(form, "length@$row", FormValue.Figure(2.5))
                forms.answer(form, "width@$row", FormValue.Whole(2))
            }
            nina.sync.now()
            theo.sync.now()
            nina.sync.now()
            val view = hers.one(form, "en").first()
            assertEquals(view, his.one(form, "en").first())
            assertEquals("2", view.item("count").answers.single().text)
            assertEquals("10", view.item("area").answers.single().text)
            val places = view.items.filter { it.linkId == "location" }.map { it.answers.single().text }
            assertEquals(setOf("left heel", "sacrum"), places.toSet())
            hers.removeRepetition(form, view.items.first { it.repetition }.key)
            assertEquals("1", hers.one(form, "en").first().item("count").answers.single().text)
        }
    }

    @Test
    fun `a date is picked, replaced, taken back and refused beyond its limit`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            backend.importFixture("dates.json")
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val forms = nina.visit(site.visit).forms
            val form = assertNotNull(forms.start(offered(nina, "catheter")).entry)
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = FormModel(nina, site.visit, form, scope, Formats(Locale.US))
            suspend fun item(linkId: String, seen: (FormRowItem) -> Boolean): FormRowItem = withTimeout(60_000) {
                model.state.first { state -> state.items.any { it.linkId == linkId && seen(it) } }.items.first { it.linkId == linkId }
            }
            val day = LocalDate.of(2026, 3, 9)
            model.pick(item("changed") { it.day == null }, day)
            val picked = item("changed") { !it.unsaved && it.answers.size == 1 }
            assertEquals(day to FormValue.Date("2026-03-09"), picked.day to picked.answers.single().value)
            model.pick(picked, LocalDate.of(2100, 1, 1))
            withTimeout(60_000) { model.state.first { it.problem?.field == "changed" } }
            model.type(picked, "9 March")
            assertNull(item("changed") { it.typed == "9 March" }.day)
            model.pick(picked, null)
            item("changed") { it.answers.isEmpty() && it.typed.isEmpty() }
            val several = item("flushed") { it.several }
            model.pick(several, day)
            model.pick(item("flushed") { it.answers.size == 1 && it.typed.isEmpty() }, day.plusDays(1))
            assertEquals(listOf("2026-03-09", "2026-03-10"), item("flushed") { it.answers.size == 2 }.answers.map { it.text })
            model.type(item("seen") { true }, "2026-03-09 14:05")
            model.save(item("seen") { it.unsaved })
            val seen = item("seen") { it.answers.size == 1 && !it.unsaved }
            assertEquals("2026-03-09 14:05", seen.typed)
            assertTrue(assertIs<FormValue.Instant>(seen.answers.single().value).text.startsWith("2026-03-09T14:05:00"))
            scope.cancel()
        }
    }

    @Test
    fun `a moment is typed without an offset and kept with it`() {
        val boston = ZoneId.of("America/New_York")
        assertEquals("2026-11-29T14:05:00-05:00", momentOf("2026-11-29 14:05", boston))
        assertEquals("2026-11-29 14:05", typedMoment("2026-11-29T19:05:00Z", boston))
        for (other in listOf("2026-11-29", "29 Nov, 2 pm", "2026-02-30 14:05", "2026-11-29T19:05:00Z")) assertEquals(other, momentOf(other, boston))
        assertEquals("yesterday", typedMoment("yesterday", boston))
    }
}
