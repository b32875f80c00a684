package org.homeround.ui

import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import java.nio.file.Path
import java.util.Locale
import kotlin.test.assertEquals
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import org.homeround.core.NoticeKind
import org.homeround.kit.Backend
import org.homeround.kit.TestPhone
import org.homeround.kit.now
import org.homeround.kit.screens.Formats
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Telling a patient by hand, over the real core, a real store and a real server. */
@OptIn(ExperimentalTestApi::class)
class NoticeScreenTest {
    @Test
    fun `the patient is asked, sees nothing before that, and is told what the nurse has seen`(@TempDir folder: Path) {
        Backend.inFolder(folder.resolve("server")).use { backend ->
            val site = backend.day()
            val phone = runBlocking { TestPhone(folder.resolve("nina"), backend, "nina").ready() }
            backend.stop()
            val visit = phone.visit(site.visit)
            val patient = runBlocking { visit.read().summary?.patientName.orEmpty() }
            runComposeUiTest {
                setContent { Stage.Dressed(Look(language = "en")) { App(Shell(phone, Formats(Locale.US), "America/New_York", { now() })) } }
                press(patient)
                press("Tell the patient")
                seen("Nobody has asked the patient")
                press("Later than booked")
                seen("Nobody has asked the patient whether")
                press("Write down the patient\u2019s answer")
                enter("Address or phone number", "ana")
                press("Save the wishes")
                seen("address")
                enter("Address or phone number", "ana@example.org")
                enter("No notices from", "0:00")
                enter("No notices until", "0:00")
                press("In Spanish")
                press("Save the wishes")
                seen("Wants e-mails · ana@example.org")
                press("Later than booked")
                seen("va con retraso")
                press("Tell the patient this")
                seen("On this phone, goes with the next sync")
                val notice = runBlocking { visit.notices.first().single() }
                assertEquals(NoticeKind.LATE, notice.kind)
            }
        }
    }
}
