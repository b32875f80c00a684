package org.homeround.kit

import java.nio.file.Path
import java.time.LocalDate
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.FormValue
import org.homeround.core.HomeroundException
import org.homeround.core.NewNoticeWishes
import org.homeround.core.NotSent
import org.homeround.core.NoticeChannel
import org.homeround.core.QuietHours
import org.homeround.core.ReportedBy
import org.homeround.core.SessionState
import org.homeround.core.SurveyQuestion
import org.homeround.core.SurveyVia
import org.homeround.core.TaskOutcome
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.Unlock
import org.homeround.core.WishedBy
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.LentStage
import org.homeround.kit.screens.LentSurveyModel
import org.homeround.kit.screens.Loan
import org.homeround.kit.screens.LockModel
import org.homeround.kit.screens.SurveyModel
import org.homeround.kit.screens.SurveyResultsModel
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What a patient says of a visit, over a real store and a real server. */
class SurveyTest {
    private val scope = CoroutineScope(Dispatchers.Default + Job())

    private suspend fun <T> Flow<T>.soon(what: suspend (T) -> Boolean): T = withTimeout(60_000) { first(what) }

    private suspend fun complete(visit: Visit) {
        visit.read().tasks.forEach { visit.setTask(it.id, TaskOutcome(TaskStatus.DONE, TaskResult.PASS, null, null)) }
        visit.complete()
    }

    private suspend fun lent(model: SurveyModel): Loan {
        val lent = CompletableDeferred<Loan>()
        model.lend { lent.complete(it) }.join()
        return withTimeout(60_000) { lent.await() }
    }

    private suspend fun locked(work: suspend () -> Unit) {
        assertFailsWith<HomeroundException.Locked> { work() }
    }

    @Test
    fun `a phone that is lent asks the survey and does nothing else until the PIN, and what was said is shown`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            backend.stop()
            val visit = nina.visit(site.visit)
            assertEquals("status", assertFailsWith<HomeroundException.Refused> { visit.lendForSurvey() }.field)
            assertEquals(SessionState.READY, nina.session.state())
            visit.checkIn()
            val model = SurveyModel(nina, site.visit, scope, Formats(Locale.US))
            assertEquals(Words("survey_not_over"), model.state.soon { it.shown && it.mayLend }.hindrance)
            val lock = LockModel(nina, scope)
            lock.state.soon { it.session == SessionState.READY }
            val loan = lent(model)
            lock.lend(loan)
            assertEquals(SessionState.LENT, nina.session.state())

            val today = LocalDate.now(Backend.ZONE)
            locked { visit.read() }
            locked { visit.setOutcome("Said to be well") }
            locked { visit.survey("en").first() }
            locked { visit.lendForSurvey() }
            locked { nina.patient(site.patient).read() }
            locked { nina.day(today).first() }
            locked { nina.search("a") }
            locked { nina.myNumbers(today, today).first() }
            locked { nina.surveyResults(today, today, "en").first() }
            locked { nina.session.me() }
            locked { nina.session.changePin(Unlock.Pin(Backend.PIN), "580274") }
            locked { nina.session.signOut() }
            locked { nina.sync.health.first() }
            locked { nina.sync.now() }

            answer(loan)
            assertEquals("survey", assertFailsWith<HomeroundException.Refused> { loan.desk.finish(ReportedBy.PATIENT, "en", mapOf("overall" to FormValue.Whole(3))) }.field)
            assertEquals(SessionState.LENT, nina.session.state())
            giveBack(lock, site)
            locked { loan.desk.finish(ReportedBy.PATIENT, "en", mapOf("overall" to FormValue.Whole(3))) }

            val said = visit.survey("en").first().responses.single()
            assertEquals(SurveyVia.LENT_PHONE to ReportedBy.REPRESENTATIVE, said.via to said.answeredBy)
            assertEquals("es" to "Nina Alvarez", said.language to said.by?.name)
            val shown = model(nina, site).state.soon { it.responses.isNotEmpty() }.responses.single()
            assertEquals(Words("survey_by_representative"), shown.who)
            assertEquals(listOf("Yes", "9", "Very kind.", "true"), shown.lines.map { it.text })
            assertEquals(Words("form_yes"), shown.lines.last().words)
            scope.cancel()
        }
    }

    @Test
    fun `a phone that stays in sync goes on once it is back`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val theo = TestPhone(folder.resolve("theo"), backend, "theo").ready()
            val visit = nina.visit(site.visit)
            nina.sync.start()
            visit.checkIn()
            visit.lendForSurvey()
            theo.visit(site.visit).editNote("Back at ten. ")
            theo.sync.now()
            nina.session.unlock(Unlock.Pin(Backend.PIN))
            assertEquals("Back at ten. ", visit.view.soon { it.note.isNotEmpty() }.note)
            nina.sync.stop()
            scope.cancel()
        }
    }

    private fun model(phone: Homeround, site: Site) = SurveyModel(phone, site.visit, scope, Formats(Locale.US))

    /** What a patient does: chooses the language, answers, changes their mind, hands it in. */
    private suspend fun answer(loan: Loan) {
        val model = LentSurveyModel(loan.desk, loan.language, scope)
        model.speak("es").join()
        val form = assertNotNull(model.state.soon { it.form?.title == "Su visita" }.form)
        assertTrue("no tiene que contestar" in form.description.lowercase(), form.description)
        fun asked(linkId: String): SurveyQuestion = form.questions.first { it.linkId == linkId }
        assertFalse(model.state.value.ready, "nothing is answered yet")
        assertEquals("answers", assertFailsWith<HomeroundException.Refused> { loan.desk.finish(ReportedBy.PATIENT, "es", emptyMap()) }.field)
        model.decline()
        assertEquals(LentStage.DECLINED, model.state.value.stage)
        model.ask()
        model.answerAs(ReportedBy.REPRESENTATIVE)
        model.answer(asked("respect"), asked("respect").options.first().value)
        model.answer(asked("heard"), asked("heard").options.last().value)
        model.answer(asked("heard"), asked("heard").options.last().value)
        model.answer(asked("overall"), FormValue.Whole(4))
        model.answer(asked("overall"), FormValue.Whole(9))
        model.write(asked("comment"), "Very kind. ")
        model.answer(asked("call-me"), FormValue.Flag(true))
        assertNull(model.state.value.answers["heard"])
        model.finish().join()
        val done = model.state.value
        assertEquals(LentStage.THANKED to emptyMap(), done.stage to done.answers, "${done.problem}")
    }

    /** A wrong PIN leaves the phone lent; the right one goes on with the visit. */
    private suspend fun giveBack(lock: LockModel, site: Site) {
        assertTrue(lock.state.value.asksPin)
        assertEquals(Words("lock_lent"), lock.state.value.title)
        "774120".forEach { lock.digit(it.digitToInt()) }
        lock.proceed().join()
        assertEquals("pin", lock.state.soon { it.problem != null && !it.busy }.problem?.field)
        assertEquals(SessionState.LENT, lock.state.value.session)
        Backend.PIN.forEach { lock.digit(it.digitToInt()) }
        lock.proceed().join()
        val back = lock.state.soon { it.session == SessionState.READY }
        assertNull(back.loan)
        assertEquals(site.visit, back.resume)
    }

    @Test
    fun `a phone whose screens came up after it was lent asks for the PIN, and a killed one is locked`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val vault = test.vault()
            val nina = test.ready(vault)
            nina.visit(site.visit).checkIn()
            nina.visit(site.visit).lendForSurvey()
            val lock = LockModel(nina, scope)
            val seen = lock.state.soon { it.session == SessionState.LENT }
            assertNull(seen.loan)
            assertTrue(seen.asksPin)
            nina.close()
            val again = test.open(vault)
            assertEquals(SessionState.LOCKED, again.session.state())
            assertEquals(Words("lock_unlock"), LockModel(again, scope).state.soon { it.session != null }.title)
            scope.cancel()
        }
    }

    @Test
    fun `a link is asked for once the visit is over and the patient wants to be written to, and answers are counted`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val visit = nina.visit(site.visit)
            visit.checkIn()
            complete(visit)
            val model = SurveyModel(nina, site.visit, scope, Formats(Locale.US))
            assertEquals(Words("notice_why_not_asked"), model.state.soon { it.shown && it.over }.hindrance)
            assertEquals(NotSent.NOT_ASKED, visit.survey("en").first().hindrance)
            assertEquals("notice_wishes", assertFailsWith<HomeroundException.Refused> { visit.inviteToSurvey() }.field)
            val wishes = NewNoticeWishes(true, WishedBy.PATIENT, NoticeChannel.EMAIL, "ana@example.org", "es", QuietHours(0U, 0U))
            nina.patient(site.patient).setNoticeWishes(wishes)
            model.state.soon { it.hindrance == null }
            model.invite().join()
            val asked = model.state.soon { it.invitations.isNotEmpty() }.invitations.single()
            assertEquals(Words("notice_here") to null, asked.state.words to asked.why)
            assertEquals(0UL, nina.sync.now().rejected)

            val desk = visit.lendForSurvey()
            desk.finish(ReportedBy.PATIENT, "en", mapOf("overall" to FormValue.Whole(8), "comment" to FormValue.Words("Come again")))
            nina.session.unlock(Unlock.Pin(Backend.PIN))
            val results = SurveyResultsModel(nina, scope, Formats(Locale.US), "America/New_York").state.soon { it.said.isNotEmpty() }
            assertEquals(listOf("results_visits", "results_asked", "results_answered").map { Words.counted(it, 1) }, results.counts)
            val overall = results.tallies.single()
            assertEquals(Words("results_mean", "8.0"), overall.mean)
            assertEquals(Words.counted("results_answers", 1), overall.answered)
            assertEquals(listOf("Come again"), results.said.single().lines.map { it.text })
            assertEquals(site.visit, results.said.single().visit)
            scope.cancel()
        }
    }
}
