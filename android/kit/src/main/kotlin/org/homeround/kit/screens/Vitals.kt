package org.homeround.kit.screens

import org.homeround.core.Administration
import org.homeround.core.Consciousness
import org.homeround.core.Finding
import org.homeround.core.Vitals

/** A figure of the vital signs: its name in the core, and its unit as a person reads it. */
enum class VitalField(val field: String, val unit: String) {
    PULSE("pulse_bpm", "/min"),
    SYSTOLIC("systolic_mmhg", "mmHg"),
    DIASTOLIC("diastolic_mmhg", "mmHg"),
    TEMPERATURE("temperature_c", "°C"),
    SPO2("spo2_percent", "%"),
    RESPIRATIONS("respirations_per_min", "/min"),
    WEIGHT("weight_kg", "kg"),
    GLUCOSE("glucose_mg_dl", "mg/dL"),
    PAIN("pain_score", "0–10"),
    OXYGEN("oxygen_flow_l_min", "L/min"),
}

/** What was typed, by figure. */
data class VitalsForm(
    val typed: Map<VitalField, String> = emptyMap(),
    val consciousness: Consciousness? = null,
    /** Oxygen or air; none: not said. */
    val onOxygen: Boolean? = null,
) {
    val empty: Boolean get() = typed.values.all { it.isBlank() } && consciousness == null && onOxygen == null

    fun with(field: VitalField, text: String) = copy(typed = typed + (field to text))

    /** The figures, or the field that is no figure. Ranges are the core's to judge. */
    fun parse(formats: Formats): Pair<Vitals, VitalField?> {
        val parsed = mutableMapOf<VitalField, Double>()
        for ((field, text) in typed) {
            if (text.isBlank()) continue
            val figure = formats.number(text)
            // What no field of the core can hold is no figure either.
            if (figure == null || figure < 0 || figure > 65_535) return NONE to field
            parsed[field] = figure
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
