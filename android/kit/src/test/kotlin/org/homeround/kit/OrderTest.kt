package org.homeround.kit

import java.nio.file.Path
import java.time.LocalDate
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.homeround.core.Fix
import org.homeround.core.HomeroundException
import org.homeround.core.KnownLeg
import org.homeround.core.OrderOptions
import org.homeround.core.Place
import org.homeround.core.Spot
import org.homeround.core.TravelModel
import org.homeround.core.VisitId
import org.homeround.kit.screens.DayModel
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The order of a day over a real store and server: homes along one street, booked to and fro. */
class OrderTest {
    private val east = listOf(6.0, 2.0, 8.0, 4.0)
    private val start = Place(42.0, -71.0)

    private fun patients(): String = east.withIndex().joinToString(",", """{"resourceType":"Bundle","type":"collection","entry":[""", "]}") {
        (at, km) ->
        """{"fullUrl":"urn:uuid:5a000000-0000-4000-8000-0000000001$at$at","resource":{"resourceType":"Patient",
            "id":"5a000000-0000-4000-8000-0000000001$at$at","name":[{"family":"Street$at","given":["Test"]}],
            "address":[{"line":["$at Long Street"],"city":"Boston","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/geolocation",
            "extension":[{"url":"latitude","valueDecimal":42.0},{"url":"longitude","valueDecimal":${-71.0 + km / 82.6}}]}]}]}}"""
    }

    /** Four visits of tomorrow, each anywhere in six hours; and of whom they are. */
    private fun book(backend: Backend): Pair<LocalDate, List<VisitId>> {
        backend.import(patients())
        val nurse = backend.hire("nina", "Nina Alvarez", "nurse")
        val tomorrow = LocalDate.now(Backend.ZONE).plusDays(1)
        val named = backend.patientsByName()
        val visits = east.indices.map { backend.bookWindow(named.getValue("Test Street$it"), listOf(nurse), tomorrow, 30) }
        return tomorrow to visits
    }

    @Test
    fun `arrivals are told as booked, and a better order with what it saves is suggested`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val (tomorrow, visits) = book(backend)
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            backend.stop()
            val booked = nina.orderOfDay(tomorrow, OrderOptions(start = start))
            assertEquals(nina.day(tomorrow).first().visits.map { it.id }, booked.visits.map { it.visit })
            assertEquals(booked.totals, booked.booked)
            val better = nina.orderOfDay(tomorrow, OrderOptions(suggest = true, start = start))
            assertEquals(listOf(1, 3, 0, 2).map { visits[it] }, better.visits.map { it.visit })
            assertTrue(better.totals.travelS < better.booked.travelS)
            assertEquals(0U, better.totals.lateS)
            assertTrue(better.visits.zipWithNext().all { (one, next) -> one.spreadS < next.spreadS && one.endMs <= next.leaveMs })
            val leg = KnownLeg(Spot.Start, Spot.Visit(visits[0]), 60U)
            assertEquals(60U, nina.orderOfDay(tomorrow, OrderOptions(start = start, legs = listOf(leg))).visits[0].travelS)
            val refused = assertFailsWith<HomeroundException.Refused> {
                nina.orderOfDay(tomorrow, OrderOptions(travel = TravelModel(speedKmh = 0.0)))
            }
            assertEquals("speed_kmh", refused.field)
        }
    }

    @Test
    fun `the day's list shows travel and arrivals, and the suggested order when it is asked for`(@TempDir folder: Path) = runBlocking<Unit> {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val (tomorrow, visits) = book(backend)
            val nina = TestPhone(folder.resolve("nina"), backend, "nina").ready()
            val scope = CoroutineScope(Dispatchers.Default + Job())
            val model = DayModel(nina, scope, Formats(Locale.US), place = { Fix(42.0, -71.0, 12.0) })
            withTimeout(60_000) { model.state.first { it.loaded } }
            model.show(tomorrow)
            val booked = withTimeout(60_000) { model.state.first { it.rows.size == 4 } }
            assertEquals(nina.day(tomorrow).first().visits.map { it.id }, booked.rows.map { it.id })
            assertEquals("day_road", assertNotNull(booked.order).key)
            // Another day begins at its first visit, wherever the phone is now.
            assertNull(booked.rows[0].travel)
            assertEquals("day_travel", assertNotNull(booked.rows[1].travel).key)
            assertEquals("day_arrival", assertNotNull(booked.rows[1].arrival).key)
            model.suggest(true)
            val suggested = withTimeout(60_000) { model.state.first { it.order?.key == "day_suggested" } }
            val (road, asBooked) = assertNotNull(suggested.order).with.map { it as Int }
            assertTrue(road < asBooked)
            assertEquals(visits.toSet(), suggested.rows.map { it.id }.toSet())
            assertTrue(suggested.rows.map { it.id } != booked.rows.map { it.id })
            model.suggest(false)
            assertEquals(booked.rows, withTimeout(60_000) { model.state.first { it.order?.key == "day_road" } }.rows)
            model.team(true)
            withTimeout(60_000) { model.state.first { it.team && it.order == null && it.rows.all { row -> row.arrival == null } } }
            scope.cancel()
        }
    }
}
