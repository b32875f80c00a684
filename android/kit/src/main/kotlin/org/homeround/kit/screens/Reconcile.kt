package org.homeround.kit.screens

import org.homeround.core.ChartMedication
import org.homeround.core.Coding
import org.homeround.core.EntryId
import org.homeround.core.FoundMedication
import org.homeround.core.HomeFinding
import org.homeround.core.ReconciledLine
import org.homeround.core.Reconciliation
import org.homeround.core.VisitId

/** A line of the medication list while it is compared with the home. */
data class ReconcileRow(
    val id: EntryId,
    val title: String,
    val dose: String,
    val finding: HomeFinding? = null,
    val comment: String = "",
)

/** The comparison of the list with the home, until it is recorded. */
data class ReconcileForm(
    val rows: List<ReconcileRow>,
    /** What is taken and not on the list, one a line. */
    val beside: String = "",
) {
    /** Every line has a finding, and one that is taken differently says how. */
    val complete: Boolean
        get() = rows.all { it.finding != null && (it.finding != HomeFinding.TAKING_DIFFERENTLY || it.comment.isNotBlank()) }

    internal fun with(id: EntryId, change: (ReconcileRow) -> ReconcileRow) =
        copy(rows = rows.map { if (it.id == id) change(it) else it })

    internal fun found(visit: VisitId) = Reconciliation(
        visit,
        rows.mapNotNull { row -> row.finding?.let { ReconciledLine(row.id, it, row.comment.ifBlank { null }) } },
        beside.lines().filter { it.isNotBlank() }.map { FoundMedication(Coding("", "", it.trim()), null, null, null) },
    )

    companion object {
        private val STANDING = setOf("active", "intended", "on-hold")

        /** The lines that need a finding. */
        internal fun of(list: List<ChartMedication>) = ReconcileForm(
            list.filter { it.medication.status in STANDING && it.corrected == null }.map {
                val one = it.medication
                ReconcileRow(it.id, one.code.text, listOfNotNull(one.dose, one.frequency).joinToString(", "))
            },
        )
    }
}

/** Findings that a person can choose. */
val HOME_FINDINGS: List<HomeFinding> = HomeFinding.entries - HomeFinding.UNKNOWN

fun words(finding: HomeFinding): Words = Words("finding_${finding.name.lowercase()}")
