package org.homeround.kit.screens

import java.time.LocalDate
import java.time.LocalDateTime
import java.time.OffsetDateTime
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.DateTimeParseException
import java.time.format.ResolverStyle

/** A moment as a field holds it, where the phone is. */
private val TYPED = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm").withResolverStyle(ResolverStyle.STRICT)

/** The date that a field holds; none where it holds something else. */
internal fun dayOf(typed: String): LocalDate? = try {
    LocalDate.parse(typed.trim())
} catch (other: DateTimeParseException) {
    null
}

/** The moment that was typed as `2026-11-29 14:05`, with its offset; anything else stays as it is, and the core says what it takes. */
internal fun momentOf(typed: String, zone: ZoneId = ZoneId.systemDefault()): String = try {
    DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(LocalDateTime.parse(typed, TYPED).atZone(zone))
} catch (other: DateTimeParseException) {
    typed
}

/** A moment with its offset as a field holds it. */
internal fun typedMoment(moment: String, zone: ZoneId = ZoneId.systemDefault()): String = try {
    TYPED.format(OffsetDateTime.parse(moment).atZoneSameInstant(zone))
} catch (other: DateTimeParseException) {
    moment
}
