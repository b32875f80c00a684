package org.homeround.ui

import kotlin.math.cos
import kotlin.math.sin
import org.homeround.core.Drawing
import org.homeround.core.InkPoint

/** A signature of nobody, the same every day. */
internal object Ink {
    private fun point(n: Int): InkPoint {
        val t = n / 60.0
        val x = 8_000 + 12_000 * t + 2_500 * cos(9 * t)
        val y = 13_000 + 4_500 * sin(11 * t) * (1 - t / 6) + 1_200 * sin(23 * t)
        return InkPoint(x.toInt().toUInt(), y.toInt().toUInt(), (n * 16).toUInt(), null)
    }

    val drawing = Drawing(60_000u, 22_500u, listOf((0..210).map(::point), listOf(InkPoint(44_000u, 6_000u, 4_000u, null))))
}
