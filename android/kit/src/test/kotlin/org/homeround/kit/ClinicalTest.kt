package org.homeround.kit

import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import org.homeround.core.Coding
import org.homeround.core.Consciousness
import org.homeround.core.Dosing
import org.homeround.core.HomeFinding
import org.homeround.core.HomeroundException
import org.homeround.core.Measured
import org.homeround.core.MeasuredFigure
import org.homeround.core.Medication
import org.homeround.core.MedicationGivenEntry
import org.homeround.core.News2Risk
import org.homeround.core.Spo2Scale
import org.homeround.core.TrendQuery
import org.homeround.core.UnitPair
import org.homeround.core.Vitals
import org.homeround.core.VitalsEntry
import org.homeround.core.WarningOverride
import org.homeround.core.WarningReason
import org.homeround.core.convertUnit
import org.homeround.core.decisionSupportText
import org.homeround.core.trendCode
import org.homeround.kit.screens.Formats
import org.homeround.kit.screens.PatientModel
import org.homeround.kit.screens.Tone
import org.homeround.kit.screens.VisitModel
import org.homeround.kit.screens.VisitState
import org.homeround.kit.screens.VitalField
import org.homeround.kit.screens.sitesOf
import org.homeround.kit.screens.Words
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Scores and warnings over the real core and a real server. */
class ClinicalTest {
    private val paracetamol = Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "198440", "Paracetamol 500 mg")
    private val order = Medication(paracetamol, "active", "500 mg", "every 4 hours", true, Dosing(500.0, "mg", 240U, 4U))

    private fun complete() = Vitals(
        pulseBpm = 88U.toUShort(), systolicMmhg = 128U.toUShort(), diastolicMmhg = 74U.toUShort(), temperatureC = 37.2,
        spo2Percent = 90U.toUByte(), respirationsPerMin = 18U.toUShort(), consciousness = Consciousness.ALERT,
        oxygenFlowLMin = 2.0,
    )

    @Test
    fun `a set of vital signs reads back with its score, by the scale that the chart names`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val visit = nina.visit(site.visit)
            val entry = VitalsEntry(now(), complete())
            assertEquals(5U.toUByte(), assertNotNull(visit.assess(entry).news2).total)
            nina.patient(site.patient).setSpo2Scale(Spo2Scale.SCALE2)
            val arm = MeasuredFigure("systolic_mmhg", Measured(Coding("http://snomed.info/sct", "368208006", "Left upper arm"), null, null))
            visit.recordVitals(VitalsEntry(now(), complete(), Measured(null, null, Coding("", "", "Own monitor")), listOf(arm)))
            val seen = visit.read().observations.single()
            val score = assertNotNull(seen.assessment?.news2)
            assertEquals(2U.toUByte(), score.total)
            assertEquals(News2Risk.LOW, score.risk)
            assertEquals(Spo2Scale.SCALE2, score.scale)
            assertEquals(7, score.parts.size)
            assertEquals(listOf(arm), seen.figures)
            assertEquals("Own monitor", seen.measured.device?.text)
            val partial = visit.assess(VitalsEntry(now(), complete().copy(consciousness = null)))
            assertNull(partial.news2?.total)
            assertEquals(listOf("consciousness"), partial.news2?.missing)
            assertTrue(decisionSupportText().contains("never replaces"))
        }
    }

    @Test
    fun `a dose too soon is stored only with a reason`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val patient = nina.patient(site.patient)
            val line = assertNotNull(patient.addMedication(order).entry)
            val visit = nina.visit(site.visit)
            val dose = MedicationGivenEntry(line, paracetamol, 500.0, "mg", null)
            assertTrue(visit.checkMedication(dose).warnings.isEmpty())
            visit.medicationGiven(dose)
            val warned = assertFailsWith<HomeroundException.Warned> { visit.medicationGiven(dose) }
            assertIs<WarningReason.TooSoon>(warned.warnings.single().reason)
            assertEquals(1, visit.read().medications.size)
            val why = WarningOverride("too_soon", null, "Vomited the first one")
            visit.medicationGiven(dose.copy(overrides = listOf(why)))
            assertEquals(listOf(why), visit.read().medications.last().overrides)
            val figures = Dosing(1.0, "g", null, 2U)
            patient.setDosing(line, figures)
            assertEquals(figures, patient.chart.first().medications.single { it.id == line }.medication.dosing)
        }
    }

    @Test
    fun `the visit's screen shows the score as a card and asks for a reason before a warned dose`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            nina.patient(site.patient).addMedication(order)
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = VisitModel(nina, site.visit, scope, Formats(Locale.US), ::now)
            suspend fun until(seen: (VisitState) -> Boolean) = withTimeoutOrNull(60_000) { model.state.first(seen) } ?: error("not seen: ${model.state.value}")
            until { it.loaded && it.medications.isNotEmpty() }

            model.typeVital(VitalField.PULSE, "140")
            model.typeVital(VitalField.RESPIRATIONS, "26")
            model.chooseConsciousness(Consciousness.NEW_CONFUSION)
            model.recordVitals()
            val checking = assertNotNull(until { it.checking != null }.checking)
            assertEquals(Words("usual_between", "41", "110"), checking.unusual.first().usual)
            assertEquals(Words("news2_high"), checking.score?.response)
            model.typeVital(VitalField.PULSE, "141")
            assertEquals(null, model.state.value.checking, "what was changed is looked at anew")
            model.typeVital(VitalField.PULSE, "140")
            model.confirmVitals()
            val finding = until { it.findings.isNotEmpty() }.findings.single()
            val card = assertNotNull(finding.score)
            assertEquals(Words("news2_incomplete", 9), card.title)
            assertEquals(Tone.ALARM, card.tone)
            assertEquals(Words("news2_high"), card.response)
            assertTrue(Words("vital_temperature_c") in card.missing)
            assertEquals(Words("usual_between", "41", "110"), finding.unusual.first().usual)

            val row = model.state.value.medications.single { it.title == paracetamol.text }
            model.give(row)
            until { state -> state.medications.any { it.title == paracetamol.text && it.done != null } }
            model.give(row)
            val warned = assertNotNull(until { it.warned != null }.warned)
            assertEquals("warning_too_soon", warned.warnings.single().words.key)
            model.goOn("Vomited the first one")
            until { it.warned == null }
            val given = nina.visit(site.visit).read().medications
            assertEquals(listOf(500.0, 500.0), given.map { assertIs<org.homeround.core.Administration.Given>(it.given).doseValue })
            assertEquals("Vomited the first one", given.last().overrides.single().reason)

            model.beginDose(row)
            val ordered = checkNotNull(model.state.value.dosing)
            assertEquals("500" to "mg", ordered.value to ordered.unit)
            model.typeDose(ordered.copy(value = "none"))
            model.giveDose()
            assertEquals("dose_value", until { it.problem != null }.problem?.field)
            model.typeDose(ordered.copy(value = "1", unit = "g"))
            model.giveDose()
            val again = assertNotNull(until { it.warned != null }.warned)
            assertTrue(again.warnings.any { it.code == "dose_differs" }, "${again.warnings}")
            model.goOn("The doctor rang")
            until { it.warned == null && it.dosing == null }
            val last = nina.visit(site.visit).read().medications.last()
            val what = assertIs<org.homeround.core.Administration.Given>(last.given)
            assertEquals(1.0 to "g", what.doseValue to what.doseUnit)

            model.typeVital(VitalField.TEMPERATURE, "98.6")
            model.swapUnit(VitalField.TEMPERATURE)
            assertEquals("°F", model.state.value.vitals.unit(VitalField.TEMPERATURE))
            val ear = sitesOf(VitalField.TEMPERATURE).single { it.key == "site_ear" }
            model.chooseSite(VitalField.TEMPERATURE, ear)
            model.typeVital(VitalField.TEMPERATURE, "105.8")
            model.recordVitals()
            val fever = assertNotNull(until { it.checking != null }.checking)
            assertEquals(listOf(Words("usual_between", "95.2 °F", "102.2 °F")), fever.unusual.map { it.usual })
            model.typeVital(VitalField.TEMPERATURE, "98.6")
            model.recordVitals()
            until { it.findings.size == 2 }
            val warm = nina.visit(site.visit).read().observations.last()
            assertEquals(37.0, assertIs<org.homeround.core.Finding.Vitals>(warm.finding).vitals.temperatureC)
            assertEquals("temperature_c" to ear.code, warm.figures.single().let { it.figure to it.measured.bodySite })

            model.decideScale(Spo2Scale.SCALE2)
            until { it.spo2Scale == Spo2Scale.SCALE2 }
            scope.coroutineContext[Job]?.cancel()
        }
    }

    @Test
    fun `a figure over time is asked for by its name and the list is compared with the home`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val patient = nina.patient(site.patient)
            nina.visit(site.visit).recordVitals(VitalsEntry(now(), complete()))
            val pulse = patient.trend(TrendQuery(trendCode("pulse_bpm"), null, 1U))
            assertEquals(88.0, pulse.points.single().value)
            assertEquals("/min", pulse.points.single().unit)
            assertEquals(site.visit, pulse.points.single().visit)
            assertEquals(5.0, patient.trend(TrendQuery(trendCode("news2"), null, 10U)).points.single().value)
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val screen = PatientModel(nina, site.patient, scope, Formats(Locale.US))
            withTimeout(60_000) { screen.state.first { it.loaded } }
            screen.trend("pulse_bpm")
            val card = assertNotNull(withTimeout(60_000) { screen.state.first { it.trend != null } }.trend)
            assertEquals("88 /min", card.rows.first().value)

            val model = VisitModel(nina, site.visit, scope, Formats(Locale.US), ::now)
            withTimeout(60_000) { model.state.first { it.loaded && it.medications.isNotEmpty() } }
            model.compareList()
            val form = assertNotNull(model.state.value.reconcile)
            assertTrue(form.rows.isNotEmpty() && !form.complete)
            form.rows.forEach { model.answerLine(it.id, HomeFinding.TAKING_DIFFERENTLY) }
            assertTrue(!model.state.value.reconcile!!.complete)
            form.rows.forEach { model.commentLine(it.id, "half") }
            model.typeBeside("St John's wort\n\nCinnamon")
            model.saveList()
            withTimeout(60_000) { model.state.first { it.reconcile == null } }
            val review = patient.chart.first().reviews.single { it.reconciliation != null }
            val found = assertNotNull(review.reconciliation)
            assertEquals(site.visit, found.visit)
            assertEquals(form.rows.map { it.id }.toSet(), found.lines.map { it.medication }.toSet())
            assertEquals(listOf("St John's wort", "Cinnamon"), found.found.map { it.code.text })
            scope.coroutineContext[Job]?.cancel()
        }
    }

    @Test
    fun `units convert to what instruments show`() {
        assertEquals(37.0, convertUnit(UnitPair.TEMPERATURE, 98.6, "[degF]", "Cel"))
        assertEquals(99.0, convertUnit(UnitPair.GLUCOSE, 5.5, "mmol/L", "mg/dL"))
        val refused = assertFailsWith<HomeroundException.Refused> { convertUnit(UnitPair.WEIGHT, 70.0, "kg", "Cel") }
        assertEquals("unit", refused.field)
    }
}
