package org.homeround.kit.screens

import java.math.BigDecimal
import org.homeround.core.Assessment
import org.homeround.core.Consciousness
import org.homeround.core.EntryId
import org.homeround.core.MedicationWarning
import org.homeround.core.News2
import org.homeround.core.News2Risk
import org.homeround.core.Spo2Scale
import org.homeround.core.Unusual
import org.homeround.core.WarningOverride
import org.homeround.core.WarningReason
import org.homeround.core.convertUnit

/** What one parameter adds to a score. */
data class ScorePart(val name: Words, val points: Int)

/** NEWS2 as a card: decision support, never a decision. */
data class ScoreCard(
    val title: Words,
    val tone: Tone,
    /** The response that the Royal College of Physicians names; none without a band. */
    val response: Words?,
    val scale: Words,
    val parts: List<ScorePart>,
    /** What has to be measured before there is a total. */
    val missing: List<Words>,
    /** That it comes of what somebody told; none: all was measured. */
    val reported: Words? = null,
)

/** A figure outside what is usual at the patient's age. */
data class UnusualRow(val name: Words, val usual: Words)

/** Something to think about before a dose is given. */
data class WarningRow(val code: String, val about: EntryId?, val words: Words)

/** A set of vital signs that waits for a second look, with what it says. */
data class VitalsCheck(val unusual: List<UnusualRow>, val score: ScoreCard?)

/** A dose other than the ordered one, while it is typed. */
data class DoseForm(val row: MedicationRow, val value: String = "", val unit: String = "") {
    val ready: Boolean get() = value.isNotBlank() && unit.isNotBlank()
}

/** A dose that waits for a reason, with what there is to think about. */
data class WarnedDose(val row: MedicationRow, val warnings: List<WarningRow>, internal val dose: Pair<Double, String>? = null) {
    /** The same reason for each warning. */
    internal fun overrides(reason: String) = warnings.map { WarningOverride(it.code, it.about, reason) }
}

/** Levels that a person can choose. */
val CONSCIOUSNESS: List<Consciousness> = Consciousness.entries - Consciousness.UNKNOWN

fun words(level: Consciousness): Words = Words("consciousness_${level.name.lowercase()}")

/** The scales that a person can choose. */
val SPO2_SCALES: List<Spo2Scale> = listOf(Spo2Scale.SCALE1, Spo2Scale.SCALE2)

fun words(scale: Spo2Scale): Words = Words(if (scale == Spo2Scale.SCALE2) "news2_scale_2" else "news2_scale_1")

/** The score's card, with whose word it comes of. */
internal fun card(says: Assessment): ScoreCard? =
    says.news2?.let { card(it).copy(reported = says.reportedBy?.let { Words("news2_reported") }) }

internal fun card(score: News2): ScoreCard = ScoreCard(
    title = score.total?.let { Words("news2_total", it.toInt()) } ?: Words("news2_incomplete", score.points.toInt()),
    tone = when (score.risk) {
        News2Risk.HIGH -> Tone.ALARM
        News2Risk.MEDIUM, News2Risk.LOW_MEDIUM -> Tone.WARNING
        News2Risk.LOW -> Tone.GOOD
        null -> Tone.QUIET
    },
    response = score.risk?.let { Words("news2_${it.name.lowercase()}") },
    scale = words(score.scale),
    parts = score.parts.map { ScorePart(Words("vital_${it.field}"), it.points.toInt()) },
    missing = score.missing.map { Words("vital_$it") },
)

/** Figures that are worth a second look; what is usual is told in the unit that a figure was typed in. */
internal fun second(assessment: Assessment, typed: VitalsForm = VitalsForm()): List<UnusualRow> =
    assessment.unusual.map { one -> row(one, VitalField.entries.firstOrNull { it.field == one.field && it in typed.others }?.other) }

private fun row(one: Unusual, unit: OtherUnit?): UnusualRow {
    fun told(figure: Double) =
        if (unit == null) plain(figure) else "${plain(convertUnit(unit.pair, figure, unit.kept, unit.code))} ${unit.unit}"
    val low = one.low?.let(::told)
    val high = one.high?.let(::told)
    val usual = when {
        low != null && high != null -> Words("usual_between", low, high)
        low != null -> Words("usual_from", low)
        else -> Words("usual_up_to", high.orEmpty())
    }
    return UnusualRow(Words("vital_${one.field}"), usual)
}

internal fun row(warning: MedicationWarning, formats: Formats, zone: String): WarningRow {
    val words = when (val why = warning.reason) {
        is WarningReason.TooSoon -> Words("warning_too_soon", formats.moment(why.lastMs, zone), formats.moment(why.untilMs, zone))
        is WarningReason.MaxPerDay -> Words("warning_max_per_day", why.given.toInt(), why.max.toInt())
        is WarningReason.DoseDiffers -> Words("warning_dose_differs", plain(why.orderedValue), why.orderedUnit)
        is WarningReason.UnitDiffers -> Words("warning_unit_differs", why.orderedUnit)
        is WarningReason.NotActive -> Words("warning_not_active", why.status)
        is WarningReason.Allergy -> Words("warning_allergy", why.text)
    }
    return WarningRow(warning.code, warning.about, words)
}

/** UCUM as a person reads it. */
internal fun units(ucum: String): String = when (ucum) {
    "mm[Hg]" -> "mmHg"
    "Cel" -> "°C"
    "{score}" -> ""
    else -> ucum
}

/** `500.0` is read as 500. */
internal fun plain(figure: Double): String = BigDecimal.valueOf(figure).stripTrailingZeros().toPlainString()
