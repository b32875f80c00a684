package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.FormItem
import org.homeround.core.FormValue
import org.homeround.core.FormView
import org.homeround.core.HomeroundException
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
}
