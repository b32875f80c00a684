package org.homeround.kit

import java.nio.file.Files
import java.nio.file.Path
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.homeround.core.Homeround as Core
import org.homeround.core.OpenConfig
import org.homeround.core.SoftwareVault
import org.homeround.core.TokenSource
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Ten thousand of everything leave nothing behind. */
class LeakTest {
    private fun residentKib(): Long = Files.readAllLines(Path.of("/proc/self/status"))
        .first { it.startsWith("VmRSS:") }.filter { it.isDigit() }.toLong()

    private fun openFiles(): Int = Files.list(Path.of("/proc/self/fd")).use { it.count().toInt() }

    private fun settled(): Long {
        repeat(3) {
            System.gc()
            Thread.sleep(50)
        }
        return residentKib()
    }

    @Test
    fun `ten thousand objects and ten thousand async calls leave memory and handles as they were`(
        @TempDir folder: Path,
    ) = runBlocking<Unit> {
        val tokens = object : TokenSource {
            override suspend fun token(refresh: Boolean): String = throw org.homeround.core.TokenException.SignIn()
        }
        val vault = SoftwareVault.open(folder.resolve("keys").toString())
        val config = OpenConfig(folder.resolve("phone").toString(), "http://127.0.0.1:9", "Phone", "UTC")
        val core = Core.open(config, vault, tokens, null)
        core.session().use { it.create(Backend.PIN, false) }
        suspend fun round(times: Int) {
            repeat(times) {
                core.visit("0192f0c1-2b7e-7c3a-9d7e-1f2a3b4c5d6e").use { visit -> visit.id() }
                // A foreign call, an error and a future each.
                core.session().use { session -> runCatching { session.enrol() } }
            }
        }
        round(10_000)
        // What stays, stays in every round; the JVM's own heap and code, and the phones of earlier tests, grow in some.
        val grown = mutableListOf<Grown>()
        while (grown.size < ROUNDS && (grown.none { it.kib < KIB_MAX } || grown.none { it.files <= 0 })) {
            val (memory, files) = settled() to openFiles()
            round(10_000)
            grown += Grown(settled() - memory, openFiles() - files)
        }
        println("leak: 10000 objects and 10000 async calls grew resident memory and open files by $grown")
        assertTrue(grown.any { it.kib < KIB_MAX }, "memory: $grown")
        assertTrue(grown.any { it.files <= 0 }, "file handles: $grown")
    }

    /** What a round left behind. */
    private data class Grown(val kib: Long, val files: Int)

    @Test
    fun `what a call costs is told`(@TempDir folder: Path) = runBlocking<Unit> {
        val tokens = object : TokenSource {
            override suspend fun token(refresh: Boolean): String = ""
        }
        val vault = SoftwareVault.open(folder.resolve("keys").toString())
        val config = OpenConfig(folder.resolve("phone").toString(), "http://127.0.0.1:9", "Phone", "UTC")
        val core = Core.open(config, vault, tokens, null)
        fun nanos(times: Int, work: () -> Unit): Long {
            repeat(times) { work() }
            val begun = System.nanoTime()
            repeat(times) { work() }
            return (System.nanoTime() - begun) / times
        }
        val plain = nanos(20_000) { core.revision() }
        val text = nanos(20_000) { runCatching { core.search("wound", 1U) } }
        println("overhead: a call ${plain / 1000.0} us, a call with a string that fails ${text / 1000.0} us")
        assertTrue(plain > 0)
    }

    private companion object {
        const val ROUNDS = 5

        /** An object or a future that stayed would be at least 100 bytes: 20 000 of them are twice this. */
        const val KIB_MAX = 1_024
    }
}
