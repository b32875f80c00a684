package org.homeround.kit.android

import android.media.AudioAttributes
import android.media.MediaDataSource
import android.media.MediaPlayer
import java.io.IOException
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.withTimeoutOrNull
import org.homeround.kit.screens.Player

/** Plays recordings from memory, one at a time. To be used on the main thread. */
class MemoryPlayer : Player {
    private var ended: CompletableDeferred<Boolean>? = null

    /** Stops what is playing, as when the app goes to the background. */
    fun stop() {
        ended?.complete(true)
    }

    override suspend fun play(bytes: ByteArray, at: (positionMs: Long, durationMs: Long) -> Unit): Boolean {
        stop()
        val end = CompletableDeferred<Boolean>().also { ended = it }
        val player = MediaPlayer()
        try {
            player.begin(bytes, end)
            while (true) {
                val played = withTimeoutOrNull(TICK_MS) { end.await() }
                if (played != null) return played
                if (player.isPlaying) at(player.currentPosition.toLong(), player.duration.toLong())
            }
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (unreadable: IllegalStateException) {
            return false
        } catch (unreadable: IOException) {
            return false
        } finally {
            player.release()
        }
    }

    private fun MediaPlayer.begin(bytes: ByteArray, end: CompletableDeferred<Boolean>) {
        val speech = AudioAttributes.Builder().setUsage(AudioAttributes.USAGE_MEDIA)
            .setContentType(AudioAttributes.CONTENT_TYPE_SPEECH)
        setAudioAttributes(speech.build())
        setOnPreparedListener { start() }
        setOnCompletionListener { end.complete(true) }
        setOnErrorListener { _, _, _ ->
            end.complete(false)
            true
        }
        setDataSource(InMemory(bytes))
        prepareAsync()
    }

    private companion object {
        const val TICK_MS = 250L
    }
}

/** Bytes as the platform's player reads them. */
private class InMemory(private val bytes: ByteArray) : MediaDataSource() {
    override fun getSize(): Long = bytes.size.toLong()

    override fun readAt(position: Long, buffer: ByteArray, offset: Int, size: Int): Int {
        if (position >= bytes.size) return -1
        val from = position.toInt()
        val count = minOf(size, bytes.size - from)
        bytes.copyInto(buffer, offset, from, from + count)
        return count
    }

    override fun close() = Unit
}
