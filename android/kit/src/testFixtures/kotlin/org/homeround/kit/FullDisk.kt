package org.homeround.kit

import java.nio.file.Files
import java.nio.file.Path

/** A disk that is full for a while: the library that the test run preloads looks for a file. */
object FullDisk {
    private val flag: Path? = System.getenv("HOMEROUND_FULL_DISK")?.let(Path::of)

    /** Whether this machine can play a full disk. */
    val available: Boolean get() = flag != null

    suspend fun during(work: suspend () -> Unit) {
        val flag = checkNotNull(flag) { "no full disk here" }
        Files.createFile(flag)
        try {
            work()
        } finally {
            Files.delete(flag)
        }
    }
}
