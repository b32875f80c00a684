package org.homeround.kit.screens

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream

/** The most bytes of one attachment, as the core has it. */
const val ATTACHMENT_BYTES_MAX: Int = 50 * 1024 * 1024

/**
 * The bytes of a chosen file, for [VisitModel.attachFile]. Nothing of a file that can't be
 * read, and one byte more than may be attached of a larger one: adding either tells the
 * person so, and a film of some gigabytes does not end the app.
 */
fun chosenBytes(open: () -> InputStream?): ByteArray = try {
    open()?.use(::bounded) ?: ByteArray(0)
} catch (_: IOException) {
    ByteArray(0)
} catch (_: SecurityException) {
    ByteArray(0)
}

private fun bounded(from: InputStream): ByteArray {
    val bytes = ByteArrayOutputStream()
    val piece = ByteArray(PIECE_BYTES)
    while (bytes.size() <= ATTACHMENT_BYTES_MAX) {
        val left = ATTACHMENT_BYTES_MAX + 1 - bytes.size()
        val count = from.read(piece, 0, minOf(piece.size, left))
        if (count < 0) break
        bytes.write(piece, 0, count)
    }
    return bytes.toByteArray()
}

private const val PIECE_BYTES = 64 * 1024
