package org.homeround.kit.screens

/** Plays recordings from memory, as the platform does it: what is decrypted never becomes a file. */
fun interface Player {
    /**
     * Plays [bytes] to the end, or until it is cancelled, and tells [at] every now and then where it is.
     * False: they can't be played here.
     */
    suspend fun play(bytes: ByteArray, at: (positionMs: Long, durationMs: Long) -> Unit): Boolean
}

/** How much of a recording was heard. */
fun heard(positionMs: Long, durationMs: Long): Words = Words("recording_heard", clock(positionMs), clock(durationMs))

private fun clock(ms: Long): String {
    val seconds = maxOf(0, ms) / 1000
    return "${seconds / 60}:${(seconds % 60).toString().padStart(2, '0')}"
}
