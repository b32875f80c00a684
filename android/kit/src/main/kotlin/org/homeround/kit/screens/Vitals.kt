package org.homeround.kit.screens

import org.homeround.core.Administration
import org.homeround.core.Coding
import org.homeround.core.Consciousness
import org.homeround.core.Finding
import org.homeround.core.Measured
import org.homeround.core.MeasuredFigure
import org.homeround.core.ReportedBy
import org.homeround.core.UnitPair
import org.homeround.core.Vitals
import org.homeround.core.VitalsEntry
import org.homeround.core.convertUnit

/** Another unit that a figure may be read off in: as a person reads it, and both by their UCUM codes. */
class OtherUnit(val unit: String, internal val pair: UnitPair, internal val code: String, internal val kept: String)

/** A figure of the vital signs: its name in the core, and its unit as a person reads it. */
enum class VitalField(val field: String, val unit: String, val other: OtherUnit? = null) {
    PULSE("pulse_bpm", "/min"),
    SYSTOLIC("systolic_mmhg", "mmHg"),
    DIASTOLIC("diastolic_mmhg", "mmHg"),
    TEMPERATURE("temperature_c", "°C", OtherUnit("°F", UnitPair.TEMPERATURE, "[degF]", "Cel")),
    SPO2("spo2_percent", "%"),
    RESPIRATIONS("respirations_per_min", "/min"),
    WEIGHT("weight_kg", "kg", OtherUnit("lb", UnitPair.WEIGHT, "[lb_av]", "kg")),
    GLUCOSE("glucose_mg_dl", "mg/dL", OtherUnit("mmol/L", UnitPair.GLUCOSE, "mmol/L", "mg/dL")),
    PAIN("pain_score", "0–10"),
    OXYGEN("oxygen_flow_l_min", "L/min"),
}

/** Where or how a figure was measured: a key of the string resources, and its code. */
data class HowChoice(val key: String, val code: Coding)

/** Who can have told figures that nobody here measured. */
val TELLERS: List<ReportedBy> = listOf(ReportedBy.PATIENT, ReportedBy.REPRESENTATIVE)

/** Who told a figure, in a person's words. */
fun words(by: ReportedBy): Words = Words("reported_${by.name.lowercase()}")

/** Where a figure can be measured, for those for which it matters. */
fun sitesOf(field: VitalField): List<HowChoice> = when (field) {
    VitalField.TEMPERATURE -> TEMPERATURE_SITES
    VitalField.SYSTOLIC -> PRESSURE_SITES
    else -> emptyList()
}

/** How a figure can be measured, for those for which it matters. */
fun methodsOf(field: VitalField): List<HowChoice> = when (field) {
    VitalField.PULSE -> listOf(PALPATION, AUSCULTATION)
    VitalField.SYSTOLIC -> listOf(AUSCULTATION, PALPATION)
    else -> emptyList()
}

private fun snomed(key: String, code: String, text: String) = HowChoice(key, Coding("http://snomed.info/sct", code, text))

private val TEMPERATURE_SITES = listOf(
    snomed("site_mouth", "74262004", "Oral cavity structure"), snomed("site_armpit", "91470000", "Axillary region structure"),
    snomed("site_ear", "42859004", "Tympanic membrane structure"), snomed("site_forehead", "52795006", "Forehead structure"),
    snomed("site_rectum", "34402009", "Rectum structure"),
)
private val PRESSURE_SITES = listOf(
    snomed("site_left_arm", "368208006", "Left upper arm structure"), snomed("site_right_arm", "368209003", "Right upper arm structure"),
)
private val PALPATION = snomed("method_palpation", "113011001", "Palpation")
private val AUSCULTATION = snomed("method_auscultation", "37931006", "Auscultation")

/** What was typed, by figure. */
data class VitalsForm(
    val typed: Map<VitalField, String> = emptyMap(),
    /** Figures that are typed in their other unit. */
    val others: Set<VitalField> = emptySet(),
    val sites: Map<VitalField, HowChoice> = emptyMap(),
    val methods: Map<VitalField, HowChoice> = emptyMap(),
    val consciousness: Consciousness? = null,
    /** Oxygen or air; none: not said. */
    val onOxygen: Boolean? = null,
    /** Who told the figures; none: they were measured. */
    val reportedBy: ReportedBy? = null,
    /** With what it was measured, of figures that somebody told. */
    val device: String = "",
) {
    val empty: Boolean get() = typed.values.all { it.isBlank() } && consciousness == null && onOxygen == null

    fun with(field: VitalField, text: String) = copy(typed = typed + (field to text))

    /** The unit that a figure is typed in. */
    fun unit(field: VitalField): String = field.other?.unit?.takeIf { field in others } ?: field.unit

    /** The other unit from now on. What was typed stays: it was read off as it is. */
    fun swapped(field: VitalField) = copy(others = if (field in others) others - field else others + field)

    /** Chooses where it was measured, or takes the choice back. */
    fun site(field: VitalField, choice: HowChoice) =
        copy(sites = if (sites[field] == choice) sites - field else sites + (field to choice))

    /** Chooses how it was measured, or takes the choice back. */
    fun method(field: VitalField, choice: HowChoice) =
        copy(methods = if (methods[field] == choice) methods - field else methods + (field to choice))

    /** What is recorded, of figures that were parsed. */
    internal fun entry(vitals: Vitals, atMs: Long): VitalsEntry {
        val said = (sites.keys + methods.keys).filter { typed[it].orEmpty().isNotBlank() }
        val figures = said.map { MeasuredFigure(it.field, Measured(sites[it]?.code, methods[it]?.code, null)) }
        val device = device.trim().takeIf { reportedBy != null && it.isNotEmpty() }?.let { Coding("", "", it) }
        val whole = reportedBy?.let { Measured(null, null, device, it) }
        return VitalsEntry(atMs, vitals, whole, figures)
    }

    /** The figures, or the field that is no figure. Ranges are the core's to judge. */
    fun parse(formats: Formats): Pair<Vitals, VitalField?> {
        val parsed = mutableMapOf<VitalField, Double>()
        for ((field, text) in typed) {
            if (text.isBlank()) continue
            val figure = formats.number(text)
            // What no field of the core can hold is no figure either.
            if (figure == null || figure < 0 || figure > 65_535) return NONE to field
            val unit = field.other?.takeIf { field in others }
            parsed[field] = if (unit == null) figure else convertUnit(unit.pair, figure, unit.code, unit.kept)
        }
        fun short(field: VitalField) = parsed[field]?.toInt()?.toUShort()
        fun byte(field: VitalField) = parsed[field]?.toInt()?.coerceAtMost(255)?.toUByte()
        val vitals = Vitals(
            pulseBpm = short(VitalField.PULSE),
            systolicMmhg = short(VitalField.SYSTOLIC),
            diastolicMmhg = short(VitalField.DIASTOLIC),
            temperatureC = parsed[VitalField.TEMPERATURE],
            spo2Percent = byte(VitalField.SPO2),
            respirationsPerMin = short(VitalField.RESPIRATIONS),
            weightKg = parsed[VitalField.WEIGHT],
            glucoseMgDl = short(VitalField.GLUCOSE),
            painScore = byte(VitalField.PAIN),
            consciousness = consciousness,
            onOxygen = onOxygen,
            oxygenFlowLMin = parsed[VitalField.OXYGEN],
        )
        return vitals to null
    }

    private companion object {
        val NONE = Vitals(null, null, null, null, null, null, null, null, null)
    }
}

/** A finding in lines that a person reads; a name that begins with `@` is a key of the string resources. */
internal fun lines(finding: Finding): List<String> = when (finding) {
    is Finding.Vitals -> lines(finding.vitals)
    is Finding.Quantity -> listOf("${finding.code.text} ${finding.value} ${finding.unit}")
    is Finding.Text -> listOf("${finding.code.text}: ${finding.text}")
    is Finding.Unknown -> listOf("@finding_unknown")
}

private fun lines(vitals: Vitals): List<String> = listOfNotNull(
    vitals.pulseBpm?.let { "@vital_pulse_bpm $it /min" },
    vitals.systolicMmhg?.let { "@vital_pressure $it/${vitals.diastolicMmhg ?: "–"} mmHg" },
    vitals.temperatureC?.let { "@vital_temperature_c $it °C" },
    vitals.spo2Percent?.let { "@vital_spo2_percent $it %" },
    vitals.respirationsPerMin?.let { "@vital_respirations_per_min $it /min" },
    vitals.weightKg?.let { "@vital_weight_kg $it kg" },
    vitals.glucoseMgDl?.let { "@vital_glucose_mg_dl $it mg/dL" },
    vitals.painScore?.let { "@vital_pain_score $it/10" },
    vitals.consciousness?.let { "@consciousness_${it.name.lowercase()} " },
    vitals.onOxygen?.let { if (it) "@oxygen_given " else "@oxygen_air " },
    vitals.oxygenFlowLMin?.let { "@vital_oxygen_flow_l_min $it L/min" },
)

internal fun given(given: Administration): Words = when (given) {
    is Administration.Given -> Words("medication_given")
    is Administration.NotGiven -> words(given.reason)
}
