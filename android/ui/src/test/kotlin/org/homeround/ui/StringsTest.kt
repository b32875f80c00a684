package org.homeround.ui

import java.nio.file.Files
import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.homeround.core.AllergyStatus
import org.homeround.core.BreakReason
import org.homeround.core.ChangeKind
import org.homeround.core.DuplicateWhy
import org.homeround.core.HandoverReason
import org.homeround.core.NotDoneReason
import org.homeround.core.NotSent
import org.homeround.core.NotSignedReason
import org.homeround.core.OccurrenceState
import org.homeround.core.PlannedStatus
import org.homeround.core.PresenceCause
import org.homeround.core.PresenceReason
import org.homeround.core.PresenceState
import org.homeround.core.Relation
import org.homeround.core.ReportedBy
import org.homeround.core.Role
import org.homeround.core.Severity
import org.homeround.core.TaskResult
import org.homeround.core.TaskStatus
import org.homeround.core.UnplannedReason
import org.homeround.core.VisitStatus
import org.homeround.kit.screens.ACHIEVEMENTS
import org.homeround.kit.screens.Action
import org.homeround.kit.screens.Ending
import org.homeround.kit.screens.Glyph
import org.homeround.kit.screens.RULES
import org.homeround.kit.screens.SURVEY_LANGUAGES
import org.homeround.kit.screens.SignWay
import org.homeround.kit.screens.SignerKind
import org.homeround.kit.screens.VitalField
import org.homeround.kit.screens.achievementWords
import org.homeround.kit.screens.methodsOf
import org.homeround.kit.screens.sitesOf
import org.homeround.kit.screens.words
import org.homeround.ui.desktop.FileStrings
import org.junit.jupiter.api.Test

/** What the core tells of changes that is no vital sign and no way into a home: `core/src/app/since_items.rs`. */
private val CHANGED_FIELDS = listOf(
    "text", "code", "name", "title", "caption", "questionnaire", "status", "severity", "active", "reaction", "dose", "frequency", "as_needed",
    "dose_value", "dose_unit", "min_interval_min", "max_per_day", "clinical_status", "verification", "onset", "spo2_scale", "section", "comment",
    "relationship", "phone", "preference", "value", "unit", "given", "reason", "result", "answers", "note", "outcome", "media_type", "narrative",
    "resting", "lifecycle", "achievement", "due", "progress", "instructions", "start", "rule", "percent", "kept", "activity", "of",
    "answered_by", "overall",
)

/** Every text is in both languages, and every key that is used is there. */
class StringsTest {
    private val english = FileStrings.read(Stage.resources, Locale.ENGLISH)
    private val spanish = FileStrings.read(Stage.resources, Locale.forLanguageTag("es"))
    private val sources: List<String> = listOf("android/ui/src/main/kotlin", "android/kit/src/main/kotlin/org/homeround/kit/screens")
        .flatMap { folder ->
            Files.walk(Path.of(System.getProperty("homeround.root"), folder)).use { files ->
                files.filter { it.toString().endsWith(".kt") }.map { Files.readString(it) }.toList()
            }
        }

    @Test
    fun `both languages have the same keys, places and plurals`() {
        assertEquals(english.keys, spanish.keys)
        val place = Regex("%(\\d\\$)?[sd]")
        for (key in english.keys) {
            val one = english.raw(key).first()
            for (text in english.raw(key) + spanish.raw(key)) {
                assertEquals(place.findAll(one).map { it.value }.toSet(), place.findAll(text).map { it.value }.toSet(), key)
                assertTrue(text.isNotBlank(), key)
            }
            if (english.forms(key).isNotEmpty()) {
                assertEquals(setOf("one", "other"), english.forms(key), key)
                assertEquals(setOf("one", "many", "other"), spanish.forms(key), key)
            }
        }
    }

    @Test
    fun `every key that a screen or a model names is there`() {
        val named = Regex("(?:text|Words|Words\\.counted)\\(\\s*\"([a-z_0-9]+)\"")
        val used = sources.flatMap { named.findAll(it).map { found -> found.groupValues[1] } }.toSet()
        assertTrue(used.size > 80, "${used.size}")
        assertEquals(emptySet(), used - english.keys)
    }

    @Test
    fun `every key that is put together is there`() {
        val made = NotDoneReason.entries.map { "reason_${it.name.lowercase()}" } +
            TaskStatus.entries.map { "task_${it.name.lowercase()}" } +
            TaskResult.entries.map { "result_${it.name.lowercase()}" } +
            Ending.entries.map { "action_${it.name.lowercase()}" } + Action.entries.map { "action_${it.name.lowercase()}" } +
            Role.entries.map { "role_${it.name.lowercase()}" } + Severity.entries.map { "severity_${it.name.lowercase()}" } +
            AllergyStatus.entries.map { "allergy_${it.name.lowercase()}" } + VisitStatus.entries.map { "status_${it.name.lowercase()}" } +
            Glyph.entries.map { "glyph_${it.name.lowercase()}" } +
            VitalField.entries.map { "vital_${it.field}" } + PresenceState.entries.map { "presence_${it.name.lowercase()}" } +
            PresenceCause.entries.map { "presence_cause_${it.name.lowercase()}" } +
            OccurrenceState.entries.map { "occurrence_${it.name.lowercase()}" } +
            PlannedStatus.entries.map { "planned_${it.name.lowercase()}" } +
            ACHIEVEMENTS.map { achievementWords(it).key } + RULES.values.map { it.key } +
            listOf("active", "on_hold", "completed", "revoked", "draft", "unknown", "entered_in_error").map { "plan_status_$it" } +
            listOf("on_hold", "stopped", "cancelled", "completed", "entered_in_error").map { "activity_$it" } +
            PresenceReason.entries.map { "presence_reason_${it.name.lowercase()}" } +
            Relation.entries.map { "relation_${it.name.lowercase()}" } +
            NotSignedReason.entries.map { "not_signed_${it.name.lowercase()}" } +
            VitalField.entries.flatMap { sitesOf(it) + methodsOf(it) }.map { it.key } +
            SignerKind.entries.map { "signer_${it.name.lowercase()}" } + SignWay.entries.map { "sign_way_${it.name.lowercase()}" } +
            BreakReason.entries.map { "break_reason_${it.name.lowercase()}" } +
            UnplannedReason.entries.map { "unplanned_reason_${it.name.lowercase()}" } +
            HandoverReason.entries.map { "handover_reason_${it.name.lowercase()}" } +
            DuplicateWhy.entries.map { "duplicate_${it.name.lowercase()}" } +
            ChangeKind.entries.map { words(it).key } + CHANGED_FIELDS.map { "changed_$it" } +
            NotSent.entries.map { words(it).key } + ReportedBy.entries.map { "survey_by_${it.name.lowercase()}" } +
            SURVEY_LANGUAGES.map { "survey_language_$it" } +
            listOf("female", "male", "other", "unknown").map { "sex_$it" }
        assertEquals(emptyList(), made.filter { it !in english.keys })
    }

    @Test
    fun `no screen has words of its own`() {
        // A literal with a letter, where a text is drawn.
        val own = Regex("\\bText\\(\\s*\"[^\"$]*[A-Za-z]")
        assertEquals(emptyList(), sources.flatMap { source -> own.findAll(source).map { it.value }.toList() })
    }

    @Test
    fun `plurals follow their language`() {
        assertEquals("1 visit", english.find("day_visits", listOf(1), 1))
        assertEquals("3 visitas", spanish.find("day_visits", listOf(3), 3))
        assertEquals("PIN incorrecto. Queda 1 intento.", spanish.find("error_wrong_pin", listOf(1), 1))
    }
}
