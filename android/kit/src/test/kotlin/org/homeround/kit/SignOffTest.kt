package org.homeround.kit

import java.nio.file.Path
import java.util.Locale
import kotlin.math.abs
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.GivenSignature
import org.homeround.core.HomeroundException
import org.homeround.core.NewSignature
import org.homeround.core.NotSignedReason
import org.homeround.core.Relation
import org.homeround.core.SealCheck
import org.homeround.core.Signer
import org.homeround.core.VisitView
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.SignWay
import org.homeround.kit.screens.SignaturePad
import org.homeround.kit.screens.SignerKind
import org.homeround.kit.screens.VisitModel
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Signatures by hand, over a real server process. */
class SignOffTest {
    private fun signed(): SignaturePad = SignaturePad(80_000, 30_000).apply {
        begin(10_000.0, 12_000.0, 5_000)
        move(14_000.0, 6_000.0, 5_090)
        move(21_000.0, 15_000.0, 5_180)
        end()
        begin(25_000.0, 4_000.0, 5_400, 0.5f)
        end()
    }

    @Test
    fun `a pad keeps what was drawn on it, inside its edges and limits`() {
        val pad = signed()
        val drawing = assertNotNull(pad.drawing())
        assertEquals(listOf(3, 1), drawing.strokes.map { it.size })
        assertEquals(listOf(0u, 90u, 180u, 400u), drawing.strokes.flatten().map { it.tMs })
        assertEquals(127.toUByte(), drawing.strokes[1][0].pressure)
        pad.undo()
        assertEquals(1, pad.strokes.size)
        pad.begin(-500.0, 99_999.0, 4_000)
        pad.move(90_000.0, 1.0, 4_001)
        pad.end()
        val edge = pad.strokes.last()
        assertEquals(0u to 30_000u, edge[0].xUm to edge[0].yUm)
        assertEquals(80_000u, edge[1].xUm)
        assertEquals(listOf(400u, 400u), edge.map { it.tMs }, "never back")
        pad.clear()
        assertTrue(pad.empty)
        assertNull(pad.drawing())
        pad.begin(100.0, 100.0, 0)
        pad.move(1_500.0, 100.0, 5)
        pad.end()
        assertTrue(pad.empty, "a touch by accident")
        repeat(SignaturePad.POINTS_MAX * 2) {
            if (it % 500 == 0) pad.begin(5.0, 5.0, it.toLong()) else pad.move(it % 9_000.0, 5.0, it.toLong())
        }
        assertTrue(pad.full)
        assertEquals(SignaturePad.POINTS_MAX, pad.strokes.sumOf { it.size })
        pad.undo()
        assertFalse(pad.full)
    }

    @Test
    fun `a daughter signs on one phone, the other draws it again and says what was changed since`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val (hers, his) = nina.visit(site.visit) to theo.visit(site.visit)
            val daughter = Signer.Representative("Ana Silva", Relation.CHILD)
            val drawn = NewSignature.Drawn(checkNotNull(signed().drawing()))
            assertEquals("status", assertFailsWith<HomeroundException.Refused> { hers.signOff(daughter, drawn) }.field)
            hers.checkIn()
            val id = checkNotNull(hers.signOff(daughter, drawn).entry)
            hers.editNote("Eats little. ")
            val other = NewSignature.NotSigned(NotSignedReason.OTHER, null)
            assertEquals("comment", assertFailsWith<HomeroundException.Refused> { hers.signOff(Signer.Patient, other) }.field)
            hers.signOff(Signer.Patient, NewSignature.NotSigned(NotSignedReason.UNABLE, "Hand in a cast"))
            for (phone in listOf(nina, theo)) assertEquals(0UL, phone.sync.now().rejected)
            val view: VisitView = his.read()
            assertEquals(listOf<Signer>(daughter, Signer.Patient), view.signOffs.map { it.signer })
            val ink = assertNotNull(assertIs<GivenSignature.Drawn>(view.signOffs[0].given).drawing)
            val (was, shown) = signed().strokes.flatten() to ink.strokes.flatten()
            assertEquals(was.size, shown.size)
            assertTrue(was.zip(shown).all { (a, b) -> abs(a.xUm.toInt() - b.xUm.toInt()) <= 10 && a.tMs == b.tMs })
            assertEquals(listOf("note"), view.signOffs[0].changed)
            assertTrue(view.signOffs[1].changed.isEmpty())
            assertIs<SealCheck.Holds>(his.verifySignOff(id))
        }
    }

    @Test
    fun `the visit's screen takes a signature and shows it`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = VisitModel(nina, site.visit, scope, Formats(Locale.US), ::now)
            suspend fun until(seen: (VisitState) -> Boolean) = withTimeout(60_000) { model.state.first(seen) }
            assertFalse(until { it.loaded }.maySignOff)
            nina.visit(site.visit).checkIn()
            until { it.maySignOff }
            model.beginSignOff()
            val form = checkNotNull(model.state.value.signing)
            assertFalse(form.ready(drawn = false))
            assertFalse(form.of(SignerKind.REPRESENTATIVE).ready(drawn = true), "who, and what to the patient")
            val none = form.copy(way = SignWay.NONE)
            assertEquals(SignWay.HAND, none.of(SignerKind.CLINICIAN).way)
            model.changeSignOff(form.copy(way = SignWay.TYPED, typed = "Testina Probe"))
            model.signOff(null)
            val row = until { it.signOffs.isNotEmpty() && it.signing == null }.signOffs.single()
            assertEquals(Words("signer_patient"), row.signer)
            assertEquals(Words("sign_off_typed_as", "Testina Probe"), row.given)
            model.setOutcome("Goals met")
            assertEquals(listOf(Words("field_outcome_outcome")), until { it.signOffs.single().changed.isNotEmpty() }.signOffs.single().changed)
            model.takeBack(row.id, "  ").join()
            assertEquals("reason", model.state.value.problem?.field)
            model.takeBack(row.id, "The neighbour signed")
            val back = checkNotNull(until { it.signOffs.single().wrong != null }.signOffs.single().wrong)
            assertEquals("sign_off_taken_back", back.key)
            assertEquals("Nina Alvarez" to "The neighbour signed", back.with.first() to back.with.last())
            scope.coroutineContext[Job]?.cancel()
        }
    }
}
