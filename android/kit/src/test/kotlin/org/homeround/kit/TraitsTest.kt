package org.homeround.kit

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.CourierStep
import org.homeround.core.HomeroundException
import org.homeround.core.HttpHeader
import org.homeround.core.HttpRequest
import org.homeround.core.HttpResponse
import org.homeround.core.HttpTransport
import org.homeround.core.KeyVault
import org.homeround.core.SessionState
import org.homeround.core.SyncAction
import org.homeround.core.SyncState
import org.homeround.core.Unlock
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What the shell implements, when it goes wrong. */
class TraitsTest {
    /** A vault whose calls fail with something that no trait speaks of. */
    private class Broken(private val inner: KeyVault, var broken: Boolean = false) : KeyVault by inner {
        override fun unwrap(label: String, wrapped: ByteArray): ByteArray =
            if (broken) throw IllegalStateException("planted") else inner.unwrap(label, wrapped)
    }

    /** The platform's own HTTP, over the JDK's client. */
    private class Platform : HttpTransport {
        var sent = 0

        override suspend fun send(request: HttpRequest): HttpResponse {
            sent++
            return http(request)
        }
    }

    @Test
    fun `a vault that throws what no trait speaks of leaves the phone locked and whole`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val vault = Broken(test.vault())
            val phone = test.open(vault)
            phone.session.create(Backend.PIN)
            phone.session.lock()
            vault.broken = true
            val failed = assertFailsWith<HomeroundException.Failed> { phone.session.unlock(Unlock.Pin(Backend.PIN)) }
            assertEquals("hardware", failed.code)
            vault.broken = false
            phone.session.unlock(Unlock.Pin(Backend.PIN))
            assertEquals(SessionState.NOT_ENROLLED, phone.session.state())
        }
    }

    @Test
    fun `a token source that throws, or asks for a sign-in, stops the network alone`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val phone = test.ready()
            test.token.set { throw IllegalStateException("planted") }
            assertEquals("token_unavailable", assertIs<SyncState.Waiting>(phone.sync.now().ended).why)
            test.token.set { throw SignInNeeded() }
            assertEquals(SyncAction.SIGN_IN, assertIs<SyncState.Blocked>(phone.sync.now().ended).action)
            phone.visit(site.visit).checkIn()
            assertEquals(1UL, phone.sync.health.first().unsent)
            test.token.set { backend.token("nina") }
            assertEquals(1UL, phone.sync.now().sent)
        }
    }

    @Test
    fun `a run that is cancelled while the token source is slow ends at once and harms nothing`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val phone = test.ready()
            phone.visit(site.visit).checkIn()
            val asked = CompletableDeferred<Unit>()
            test.token.set {
                asked.complete(Unit)
                awaitCancellation()
            }
            val running = launch(Dispatchers.Default) { phone.sync.now() }
            asked.await()
            withTimeout(60_000) {
                running.cancel()
                running.join()
            }
            // Writing was never held up.
            phone.visit(site.visit).setOutcome("Done")
            test.token.set { backend.token("nina") }
            assertEquals(2UL, phone.sync.now().sent)
        }
    }

    @Test
    fun `the platform's own HTTP carries a whole sync`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val test = TestPhone(folder.resolve("nina"), backend, "nina")
            val platform = Platform()
            val phone = Homeround.open(test.config(), test.vault(), { backend.token("nina") }, platform)
            phone.session.create(Backend.PIN)
            phone.session.enrol()
            phone.visit(site.visit)
            assertIs<SyncState.Idle>(phone.sync.now().ended)
            phone.visit(site.visit).checkIn()
            assertEquals(1UL, phone.sync.now().sent)
            assertTrue(platform.sent >= 3)
        }
    }

    @Test
    fun `a courier hands out every request and takes every answer`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            phone.visit(site.visit).checkIn()
            val courier = phone.sync.courier()
            var requests = 0
            while (true) {
                when (val step = courier.nextRequest()) {
                    is CourierStep.Token -> courier.token(step.id, backend.token("nina"))
                    is CourierStep.Send -> {
                        requests++
                        courier.deliver(step.id, http(step.request))
                    }
                    is CourierStep.Outstanding -> error("nothing is left outstanding")
                    is CourierStep.Rest -> {
                        assertEquals(1UL, step.report.sent)
                        break
                    }
                }
            }
            assertTrue(requests >= 2)
            assertEquals(0UL, phone.sync.health.first().unsent)
        }
    }

    companion object {
        private val client: java.net.http.HttpClient = java.net.http.HttpClient.newHttpClient()

        private fun http(request: HttpRequest): HttpResponse {
            val asked = java.net.http.HttpRequest.newBuilder(java.net.URI.create(request.url))
            request.headers.forEach { asked.header(it.name, it.value) }
            asked.method(request.method, java.net.http.HttpRequest.BodyPublishers.ofByteArray(request.body))
            val answer = client.send(asked.build(), java.net.http.HttpResponse.BodyHandlers.ofByteArray())
            val headers = answer.headers().map().map { (name, values) -> HttpHeader(name, values.first()) }
            return HttpResponse(answer.statusCode().toUShort(), headers, answer.body())
        }
    }
}
