package org.homeround.app

import android.app.Activity
import android.app.Application
import org.homeround.kit.Homeround
import org.homeround.kit.android.HasHomeround

/** Holds the one phone of the process, once the activity has opened it. */
class HomeroundApplication : Application(), HasHomeround {
    @Volatile
    override var homeround: Homeround? = null

    /** The activity that is in front; none in the background. */
    @Volatile
    var front: Activity? = null
}
