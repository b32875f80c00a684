package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.HomeroundException
import org.homeround.kit.screens.AccountModel
import org.homeround.kit.screens.WEEK_DAYS
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** One's own numbers over a real store, offline. */
class NumbersTest {
    @Test
    fun `the account shows what one's own visits came to, and goes on when a visit is begun`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            backend.stop()
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = AccountModel(nina, scope) {}
            val before = withTimeout(60_000) { model.state.first { it.numbers.isNotEmpty() } }
            assertEquals(listOf(Words("numbers_done", 0, 1)), before.numbers)
            assertEquals(WEEK_DAYS, before.numbersDays)
            nina.visit(site.visit).checkIn()
            withTimeout(60_000) { model.state.first { state -> state.numbers.any { it.key == "numbers_on_time" } } }
            model.showNumbers(4 * WEEK_DAYS)
            withTimeout(60_000) { model.state.first { it.numbersDays == 4 * WEEK_DAYS && it.numbers.first() == Words("numbers_done", 0, 1) } }
            val today = nina.today()
            val mine = nina.myNumbers(today, today).first()
            assertEquals(1U to 1U, mine.visits to mine.begun)
            val refused = assertFailsWith<HomeroundException.Refused> { nina.myNumbers(today.plusDays(1), today).first() }
            assertEquals("until", assertNotNull(refused).field)
            scope.cancel()
        }
    }
}
