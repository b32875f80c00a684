package org.homeround.kit

import java.io.IOException
import java.io.InputStream
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import org.homeround.kit.screens.ATTACHMENT_BYTES_MAX
import org.homeround.kit.screens.chosenBytes
import org.junit.jupiter.api.Test

/** A chosen file is read as far as it may be attached, and one that can't be read says so later. */
class ChosenTest {
    @Test
    fun `a file without an end is read one byte too far and no further`() {
        val endless = object : InputStream() {
            override fun read() = 7
            override fun read(into: ByteArray, from: Int, count: Int): Int = count
        }
        assertEquals(ATTACHMENT_BYTES_MAX + 1, chosenBytes { endless }.size)
    }

    @Test
    fun `what can't be opened or read comes as nothing`() {
        val broken = object : InputStream() {
            override fun read(): Int = throw IOException("gone")
        }
        val unreadable = listOf<() -> InputStream?>({ null }, { broken }, { throw SecurityException("not lent") })
        assertEquals(listOf(0, 0, 0), unreadable.map { chosenBytes(it).size })
        assertContentEquals(byteArrayOf(1, 2), chosenBytes { byteArrayOf(1, 2).inputStream() })
    }
}
